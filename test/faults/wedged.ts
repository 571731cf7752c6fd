import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { failpointsDirectory } from "../harness/runtime-under-test.ts";
import type { ShimProgram } from "../harness/shim-program.ts";
import { until } from "../harness/until.ts";
import { alive, SLACK_MS, vmProcesses } from "./observe.ts";
import { points, prepared, removed, requestOf, started } from "./program-task.ts";
import { type FaultRow, onProgram, type Tell } from "./row.ts";
import { type Answer, EXEC, execDocument, WedgedTask } from "./wedged-task.ts";

/** How a guest is made to stand still, and to go on. */
interface Wedge {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  begin(): void;
  /** Idempotent. */
  end(): void;
  /** False: a container cannot be deleted while it lasts, so the daemon has to stay. */
  readonly deletes?: false;
  /** The guest does all that it was asked before the task is killed. */
  readonly goesOn?: true;
}

/** What needs no guest is there in this time: under that of a request to it (10 s), however busy the machine is. */
const AT_ONCE_MS = 9_000;
const LOOK_MS = 500;
/** Over the time that any one request to the guest has; a start and a create have minutes, and end with the guest. */
const PATIENCE_MS = 12_000;
const END_MS = 5_000;

const expected =
  "each RPC in its budget; State, Pids, Connect answered all the while; SIGKILL ends the task in 15 s; Delete in 5 s; Shutdown in 5 s; the daemon leaves";

function wedged(what: string, stacks: FaultRow["stacks"], make: (shim: ShimProgram) => Wedge): FaultRow {
  return onProgram({
    fault: `guest wedged: ${what}`,
    stacks,
    failpoints: true,
    expected,
    run: (shim, tell) => play(shim, make(shim), tell),
  });
}

async function play(shim: ShimProgram, wedge: Wedge, tell: Tell): Promise<string> {
  const bundle = await prepared(shim, "wedged", wedge.annotations);
  const other = await prepared(shim, "other");
  const checkpoint = join(shim.traces.directory, "wedged-checkpoint");
  const begun = await started(shim, bundle, wedge.env ? { env: wedge.env } : {});
  const wedgedTask = await WedgedTask.connect(begun.address, bundle.id);
  const daemon = shim.daemonOf(bundle.id);
  try {
    const { task, id } = wedgedTask;
    await task.create(requestOf(id, bundle.bundle));
    await task.start({ id, execId: "" });
    const stdio = { terminal: false, stdin: "", stdout: "", stderr: "" };
    await task.exec({ id, execId: EXEC, spec: execDocument, ...stdio });
    const exit = task.wait({ id, execId: "" });
    wedge.begin();

    const asked = wedgedTask.ask(other, checkpoint);
    const looks: Answer[] = [];
    const over = performance.now() + PATIENCE_MS;
    while (performance.now() < over) {
      looks.push(...(await Promise.all(wedgedTask.look())));
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    if (wedge.goesOn) {
      wedge.end();
      // What was asked comes true late, after its caller was told that it failed.
      await Promise.all(asked);
    }
    const kill = await wedgedTask.kill();
    const { exitStatus } = await exit;
    if (wedge.deletes === false) {
      tell(text(await wedgedTask.delete()));
      tell(text(await wedgedTask.shutdown()));
      if (!alive(daemon.pid)) return "the daemon left its container";
      wedge.end();
    }
    // A start and a create end with their guest, or go on with it.
    const answers = await Promise.all(asked);
    // Where the guest has made it after all.
    await task.delete({ id: other.id, execId: "" }).catch(() => {});
    const deleted = await wedgedTask.delete();
    const begin = performance.now();
    await wedgedTask.shutdown();
    await until("the daemon leaves", () => !alive(daemon.pid));
    const shutdown = performance.now() - begin;

    for (const answer of [...answers, ...slowest(looks), { ...kill, method: "Kill (9)" }, deleted]) tell(text(answer));
    tell(`Shutdown, to the daemon's end: ${shutdown.toFixed(0)} ms of ${END_MS}; exit ${exitStatus}`);
    return [
      verdict("each RPC in its budget", answers, ({ milliseconds, budget }) => milliseconds <= budget + SLACK_MS),
      verdict(
        "State, Pids, Connect answered all the while",
        looks,
        ({ outcome, milliseconds }) => outcome === "answered" && milliseconds <= AT_ONCE_MS,
      ),
      verdict("SIGKILL ends the task in 15 s", [kill], ({ milliseconds }) => milliseconds < 3 * END_MS + SLACK_MS),
      verdict(
        "Delete in 5 s",
        [deleted],
        ({ outcome, milliseconds }) => outcome === "answered" && milliseconds <= END_MS + SLACK_MS,
      ),
      shutdown <= END_MS + SLACK_MS ? "Shutdown in 5 s" : `Shutdown only in ${shutdown.toFixed(0)} ms`,
      "the daemon leaves",
    ].join("; ");
  } finally {
    wedge.end();
    wedgedTask.close();
    rmSync(checkpoint, { recursive: true, force: true });
    await removed(shim, other);
    await removed(shim, bundle);
  }
}

function verdict(good: string, answers: readonly Answer[], isGood: (answer: Answer) => boolean): string {
  const bad = answers.filter((answer) => !isGood(answer));
  return bad.length === 0 ? good : `not so (${good}): ${bad.map(text).join(", ")}`;
}

function text({ method, budget, milliseconds, outcome, message }: Answer): string {
  return `${method}: ${milliseconds.toFixed(0)} ms of ${budget}, ${outcome}${message === "" ? "" : ` (${message})`}`;
}

function slowest(answers: readonly Answer[]): Answer[] {
  const found = new Map<string, Answer>();
  for (const answer of answers) {
    const before = found.get(answer.method);
    if (before === undefined || before.milliseconds < answer.milliseconds) found.set(answer.method, answer);
  }
  return [...found.values()];
}

/** QEMU itself stands still: what is written to the guest stays in its socket. */
function stopped(shim: ShimProgram): Wedge {
  const signal = (name: "SIGSTOP" | "SIGCONT"): void => {
    for (const { pid, title } of vmProcesses(shim)) if (title.includes("qemu-system")) process.kill(pid, name);
  };
  return { begin: () => signal("SIGSTOP"), end: () => signal("SIGCONT") };
}

/** A failpoint that lets all pass, until it does not. */
function held(shim: ShimProgram, point: string): Wedge {
  const gate = join(shim.traces.directory, `gate-${point}`);
  writeFileSync(gate, "");
  return {
    annotations: points({ [point]: `hold(${gate})` }),
    begin: () => rmSync(gate),
    end: () => {
      writeFileSync(gate, "");
      rmSync(`${gate}.reached`, { force: true });
    },
  };
}

/** A runc before the real one that waits for as long as a file is there. */
function hangingRunc(shim: ShimProgram): Wedge {
  const directory = join(shim.traces.directory, "hanging");
  const gate = join(directory, "hang");
  mkdirSync(directory, { recursive: true });
  const path = process.env.PATH ?? "";
  const script = `#!/bin/sh\nwhile [ -e ${gate} ]; do sleep 0.2; done\nPATH=${path}:/usr/sbin:/sbin exec runc "$@"\n`;
  writeFileSync(join(directory, "runc"), script, { mode: 0o755 });
  return {
    env: { PATH: [directory, failpointsDirectory, path, "/usr/sbin", "/sbin"].join(":") },
    begin: () => writeFileSync(gate, ""),
    end: () => rmSync(gate, { force: true }),
    deletes: false,
  };
}

export const wedgedRows: readonly FaultRow[] = [
  wedged("QEMU stands still (SIGSTOP), its transport fills", ["qemu"], stopped),
  wedged("no request reaches it", ["local", "qemu"], (shim) => held(shim, "bridge.send")),
  wedged("it answers late, after all have given up", ["local"], (shim) => ({
    ...held(shim, "bridge.send"),
    goesOn: true,
  })),
  wedged("it answers all but signals", ["local"], (shim) => held(shim, "gcs.SignalProcess")),
  wedged("runc hangs", ["local"], hangingRunc),
  wedged("no request reaches it, and runc hangs", ["local"], (shim) => {
    const [bridge, { env = {}, ...runc }] = [held(shim, "bridge.send"), hangingRunc(shim)];
    return {
      annotations: bridge.annotations ?? {},
      env,
      begin: () => [bridge, runc].forEach((each) => void each.begin()),
      end: () => [bridge, runc].forEach((each) => void each.end()),
    };
  }),
];
