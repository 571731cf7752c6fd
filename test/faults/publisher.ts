import { existsSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { ready, service } from "../harness/service.ts";
import type { ShimProgram } from "../harness/shim-program.ts";
import { until } from "../harness/until.ts";
import { timed } from "./observe.ts";
import { points, prepared, removed, requestOf, started } from "./program-task.ts";
import { type FaultRow, onProgram } from "./row.ts";

const topics = ["create", "start", "paused", "resumed", "exit", "delete"];

/**
 * A task's whole life, all calls answered in their time whatever becomes of its events; `whenExited` is there to let the
 * publisher go on. The events that came, then.
 */
async function live(
  shim: ShimProgram,
  options: {
    readonly terms?: Readonly<Record<string, string>>;
    readonly env?: Readonly<Record<string, string>>;
    readonly whenExited?: () => Promise<void>;
    readonly events?: number;
  },
): Promise<string> {
  const before = shim.events.topics().length;
  const bundle = await prepared(shim, "events", points(options.terms ?? {}), service(7));
  const { id, task } = await started(shim, bundle, options.env ? { env: options.env } : {});
  const log = join(shim.traces.directory, `${id}.log`);
  const answered = await timed(4, async () => {
    await task.create({ ...requestOf(id, bundle.bundle), stdout: `file://${log}` });
    await task.start({ id, execId: "" });
    await task.pause({ id });
    await task.resume({ id });
    await until("it is ready", () => existsSync(log) && readFileSync(log, "utf8") === ready);
    await task.kill({ id, execId: "", signal: 15, all: false });
    await task.wait({ id, execId: "" });
  });
  await options.whenExited?.();
  await task.delete({ id, execId: "" });
  const wanted = options.events ?? topics.length;
  await until("the events", () => shim.events.topics().length >= before + wanted);
  await task.shutdown({ id, now: false }).catch(() => {});
  await removed(shim, bundle);
  const came = shim.events.topics().slice(before);
  const told =
    came.length === 0 ? "no events" : came.join() === topics.join() ? "each event once, in order" : came.join();
  return `answered ${answered}; ${told}`;
}

export const publisherRows: readonly FaultRow[] = [
  onProgram({
    fault: "publisher: nobody at containerd's socket, then it is back",
    stacks: ["local"],
    expected: "answered in 4 s; each event once, in order",
    async run(shim) {
      shim.events.close();
      return await live(shim, { whenExited: () => shim.events.open() });
    },
  }),
  onProgram({
    fault: "publisher: containerd accepts and does not answer, then it is back",
    stacks: ["local"],
    expected: "answered in 4 s; each event once, in order",
    async run(shim) {
      shim.events.close();
      rmSync(shim.events.path, { force: true });
      const deaf = createServer((socket) => {
        sockets.push(socket);
        socket.on("error", () => {});
      });
      const sockets: import("node:net").Socket[] = [];
      await new Promise<void>((resolve) => deaf.listen(shim.events.path, resolve));
      return await live(shim, {
        async whenExited() {
          for (const socket of sockets) socket.destroy();
          await new Promise((resolve) => deaf.close(resolve));
          await shim.events.open();
        },
      });
    },
  }),
  onProgram({
    fault: "publisher: each event takes containerd 0.3 s",
    stacks: ["local"],
    failpoints: true,
    expected: "answered in 4 s; each event once, in order",
    run: (shim) => live(shim, { terms: { "publisher.forward": "delay(300)" } }),
  }),
  onProgram({
    fault: "publisher: the first five tries fail",
    stacks: ["local"],
    failpoints: true,
    expected: "answered in 4 s; each event once, in order",
    run: (shim) => live(shim, { terms: { "publisher.forward": "5*error(no)" } }),
  }),
  onProgram({
    fault: "publisher: TTRPC_ADDRESS is empty",
    stacks: ["local"],
    expected: "answered in 4 s; no events",
    run: (shim) => live(shim, { env: { TTRPC_ADDRESS: "" }, events: 0 }),
  }),
  onProgram({
    fault: "clock jump: an hour ahead, then two back, while events wait for containerd",
    stacks: ["local"],
    failpoints: true,
    expected: "answered in 4 s; each event once, in order",
    run: (shim) =>
      live(shim, {
        terms: { "publisher.forward": "1*error(no)|1*jump(3600000)|2*error(no)|1*jump(-7200000)|1*error(no)" },
      }),
  }),
];
