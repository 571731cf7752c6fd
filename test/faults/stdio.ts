import { writeFileSync } from "node:fs";
import { watchEvents } from "../harness/events.ts";
import type { Machine } from "../harness/machine.ts";
import { until } from "../harness/until.ts";
import { exitsOf, timed } from "./observe.ts";
import { finished, prepared, started } from "./program-task.ts";
import { type FaultRow, onContainerd, onProgram } from "./row.ts";

const both = ["local", "qemu"] as const;

/** More than all that may hold it on the way, in lines that show a gap. */
const flood = ["sh", "-c", "read go; seq 1 200000"];

/** A container whose reader died in the middle of its output. */
async function abandoned({ ctr }: Machine, id: string): Promise<void> {
  await ctr.runDetached(id, flood, []);
  const reader = ctr.start("tasks", "attach", id);
  reader.stdin?.write("go\n");
  await until("some output", () => reader.stdout().length > 0);
  reader.kill();
  await reader.result();
}

function isGapless(output: string): boolean {
  // The first line may be the rest of one that the dead reader took.
  const numbers = output.trim().split("\n").slice(1).map(Number);
  return (
    numbers.at(-1) === 200_000 &&
    numbers.every((value, index) => index === 0 || value === (numbers[index - 1] ?? 0) + 1)
  );
}

/** A logger as a shell script, and the end of a container that logs to it. */
function logger(what: string, lines: readonly string[], expected: string): FaultRow {
  return onContainerd({
    fault: `binary logger ${what}`,
    stacks: ["local"],
    expected,
    async run(machine) {
      const { ctr } = machine;
      const id = machine.id("logger");
      const path = machine.file(`${id}.sh`);
      writeFileSync(path, ["#!/bin/sh", ...lines, ""].join("\n"), { mode: 0o755 });
      const events = await watchEvents(ctr);
      // Far more than the pipe to the logger holds.
      const args = ["sh", "-c", "seq 1 200000; exit 7"];
      let refused = "";
      const took = await timed(15, async () => {
        const argv = ctr.runArgv(id, args, ["--detach", "--log-uri", `binary://${path}`]).slice(5);
        const { code, stderr } = await ctr.call(argv);
        if (code === 0) await events.waitFor(id, "/tasks/exit");
        else refused = /logger \S+ (.*?); cannot log to it/.exec(stderr)?.[1] ?? stderr;
      });
      const warnings = machine.containerd
        .log()
        .split("\n")
        .filter((line) => line.includes(id) && line.includes("is discarded from now on"));
      const seen =
        refused === "" ? `${exitsOf(events, id)} ${took}; warnings: ${warnings.length}` : `refused ${took}: ${refused}`;
      await ctr.remove(id);
      await events.close();
      return seen;
    },
  });
}

export const stdioRows: readonly FaultRow[] = [
  onContainerd({
    fault: "FIFO reader gone while the container writes, then another one",
    stacks: both,
    expected: "RUNNING without a reader; the next one reads to the end, no line is lost",
    async run(machine) {
      const { ctr } = machine;
      const id = machine.id("reader");
      await abandoned(machine, id);
      const status = await ctr.status(id);
      const { stdout } = await ctr.start("tasks", "attach", id).result();
      await ctr.remove(id);
      return `${status} without a reader; the next one reads to the end, ${isGapless(stdout) ? "no line is" : "lines are"} lost`;
    },
  }),
  onContainerd({
    fault: "FIFO reader gone for good, the container is killed",
    stacks: both,
    expected: "exit init 137 in 13 s; deleted",
    async run(machine) {
      const { ctr } = machine;
      const id = machine.id("unread");
      const events = await watchEvents(ctr);
      await abandoned(machine, id);
      // What is on its way is waited for, 10 s at most: of a VM in the guest, which says so.
      const took = await timed(13, async () => {
        await ctr.ok("tasks", "kill", "--signal", "SIGKILL", id);
        await events.waitFor(id, "/tasks/exit");
      });
      await ctr.ok("tasks", "rm", id);
      await ctr.ok("containers", "rm", id);
      const told = exitsOf(events, id);
      await events.close();
      return `${told} ${took}; deleted`;
    },
  }),
  onContainerd({
    fault: "stdin writer gone, then another one",
    stacks: both,
    expected: "RUNNING without a writer; the next one's line comes back",
    async run(machine) {
      const { ctr } = machine;
      const id = machine.id("writer");
      await ctr.runDetached(id, ["cat"], []);
      const attach = async (word: string): Promise<string> => {
        const client = ctr.start("tasks", "attach", id);
        client.stdin?.write(`${word}\n`);
        await until(`${word} comes back`, () => client.stdout().includes(word));
        client.kill();
        await client.result();
        return client.stdout();
      };
      await attach("first");
      const status = await ctr.status(id);
      const second = await attach("second");
      await ctr.remove(id);
      return `${status} without a writer; the next one's line ${second === "second\n" ? "comes back" : `is ${second}`}`;
    },
  }),
  logger(
    "dies in the middle of the output",
    ["exec 5>&-", "head -n 10 <&3 >/dev/null"],
    "exit init 7 in 15 s; warnings: 1",
  ),
  logger("ends before it is ready", ["exit 3"], "refused in 15 s: ended with 3 before it was ready"),
  logger("never gets ready", ["exec sleep 1000"], "refused in 15 s: is not ready after 10000 ms"),
  onProgram({
    fault: "log FIFO: nobody reads it, and it is full",
    stacks: ["local"],
    expected: "5000 calls that are logged are answered; the daemon lives",
    async run(shim) {
      const bundle = await prepared(shim, "unreadlog");
      const { task, ...rest } = await started(shim, bundle, { flags: ["-debug"] });
      let answered = 0;
      for (let round = 0; round < 50; round++) {
        // Each is refused and that is logged, in about 200 bytes: fifteen times what the FIFO holds.
        const calls = Array.from({ length: 100 }, () => task.state({ id: "nobody", execId: "" }));
        const results = await Promise.allSettled(calls);
        answered += results.filter(
          ({ status, ...result }) => status === "rejected" && /not exist/.test(String(Object.values(result)[0])),
        ).length;
      }
      const { taskPid } = await task.connect({ id: bundle.id });
      await finished(shim, { task, ...rest });
      return `${answered} calls that are logged are answered; the daemon ${taskPid === 0 ? "lives" : "tells nonsense"}`;
    },
  }),
];
