/** The shim as a program and a task service, without containerd: what a pod's life takes, call by call. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TaskExit } from "../../src/generated/containerd/events.ts";
import { Events } from "../../src/generated/containerd/services/events/ttrpc/v1.ts";
import { listSpares, poolOf } from "../../src/shim/spare/pool.ts";
import { Server } from "../../src/ttrpc/server.ts";
import { serve } from "../../src/ttrpc/socket.ts";
import { requestOf } from "../../test/faults/program-task.ts";
import { runtimeUnderTest } from "../../test/harness/runtime-under-test.ts";
import { runtimeOptions, ShimProgram } from "../../test/harness/shim-program.ts";
import { until } from "../../test/harness/until.ts";
import type { Metric } from "./metric.ts";
import type { Part } from "./part.ts";
import { inTurn, type Pair } from "./rounds.ts";
import { OURS, PEER, PEER_NAME, sides } from "./shims.ts";

const stages = [
  ["start", "`start` to the first RPC answered"],
  ["create", "Create"],
  ["task-start", "Start"],
  ["exit-event", "SIGKILL asked for, to TaskExit at containerd's end"],
  ["task-delete", "Delete"],
  ["delete", "`delete` after all that"],
] as const;
type Stage = (typeof stages)[number][0];

export const lifecycle: Part = {
  title: "A pod's life, call by call, stack `local`",
  about: "The bench stands in containerd's place: it runs the program, calls the task API and takes the events.",
  seconds: 120,
  async run(record, quick) {
    const programs: Pair<ShimProgram> = {
      ours: new ShimProgram(runtimeUnderTest(OURS, "local")),
      peer: new ShimProgram(runtimeUnderTest(PEER, "local")),
    };
    const spare = new ShimProgram(runtimeUnderTest(OURS, "local"));
    const exits = await ExitListener.open(join(programs.ours.traces.directory, "exits.sock"));
    try {
      await record.measure("a pod's life", 100, async () => {
        // The first round finds cold files.
        await inTurn(1, (side) => live(programs[side], exits));
        const lives = await inTurn(quick ? 8 : 40, (side) => live(programs[side], exits));
        return stages.map(([id, title]): Metric => {
          const [ours, peer] = sides.map((side) => lives[side].map((each) => each[id])) as [number[], number[]];
          return { id, title, unit: "ms", ours, peer: { name: PEER_NAME, values: peer } };
        });
      });
      await record.measure("a start that finds a spare daemon", 60, async () => {
        await startWithSpare(spare, exits);
        const starts = await inTurn(quick ? 8 : 40, async (side) =>
          side === "ours" ? await startWithSpare(spare, exits) : (await live(programs.peer, exits)).start,
        );
        const title = "`start` to the first RPC answered, by a spare daemon";
        const { ours, peer } = starts;
        return [{ id: "start-spare", title, unit: "ms", ours, peer: { name: PEER_NAME, values: peer } }];
      });
    } finally {
      for (const program of [programs.ours, programs.peer, spare]) await program.close();
      exits.close();
    }
  },
};

/** The first finds none. */
async function startWithSpare(program: ShimProgram, exits: ExitListener): Promise<number> {
  const { address, directory } = program.traces;
  const configPath = join(directory, "spares.toml");
  if (!existsSync(configPath)) writeFileSync(configPath, 'stack = "local"\nspare_daemons = 1\n');
  const { start } = await live(program, exits, runtimeOptions({ configPath }));
  await until("a spare daemon", () => listSpares().some(({ pool, alive }) => alive && pool === poolOf(address)));
  return start;
}

async function live(program: ShimProgram, exits: ExitListener, input?: Uint8Array): Promise<Record<Stage, number>> {
  const id = program.traces.id("life");
  const bundle = await program.bundle(id, program.spec(id, ["/bin/sleep", "1000"]));
  const env = { TTRPC_ADDRESS: exits.path };
  let last = performance.now();
  const lap = (): number => {
    const now = performance.now();
    const took = now - last;
    last = now;
    return took;
  };
  const { code, stdout, stderr } = await program.call(id, ["start"], { bundle, env, ...(input && { input }) });
  if (code !== 0) throw new Error(`start ended with ${code}: ${stderr}`);
  const task = await program.task(stdout);
  await task.connect({ id });
  const start = lap();
  await task.create(requestOf(id, bundle));
  const create = lap();
  await task.start({ id, execId: "" });
  const taskStart = lap();
  const exit = exits.of(id);
  await task.kill({ id, execId: "", signal: 9, all: false });
  await exit;
  const exitEvent = lap();
  await task.delete({ id, execId: "" });
  const taskDelete = lap();
  // Go's shim answers by closing the connection.
  await task.shutdown({ id, now: false }).catch(() => undefined);
  last = performance.now();
  const deleted = await program.call(id, ["delete"], { bundle, env, flags: ["-bundle", bundle] });
  const deletion = lap();
  if (deleted.code !== 0) throw new Error(`delete ended with ${deleted.code}: ${deleted.stderr}`);
  program.removeBundle(bundle);
  return {
    ...{ start, create, delete: deletion },
    ...{ "task-start": taskStart, "exit-event": exitEvent, "task-delete": taskDelete },
  };
}

/** containerd's end of the event channel, which tells of an exit in the turn in which it comes. */
class ExitListener {
  readonly #waiting = new Map<string, () => void>();
  readonly #server = new Server();

  static async open(path: string): Promise<ExitListener> {
    const listener = new ExitListener(path);
    listener.#server.register(Events, {
      forward: ({ envelope }) => {
        if (envelope?.topic === "/tasks/exit" && envelope.event !== undefined) {
          listener.#waiting.get(TaskExit.decode(envelope.event.value).containerId)?.();
        }
        return {};
      },
    });
    await serve(listener.#server, { path });
    return listener;
  }

  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  of(id: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  close(): void {
    this.#server.close();
  }
}
