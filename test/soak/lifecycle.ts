import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { Status } from "../../src/generated/containerd/v1/types.ts";
import { patienceMs, start } from "../harness/command.ts";
import { podFlags } from "../harness/ctr.ts";
import type { Machine } from "../harness/machine.ts";
import { ready, service } from "../harness/service.ts";
import { startOnTerminal } from "../harness/terminal.ts";
import { until } from "../harness/until.ts";
import { execute, type ShimTasks, shimTasks } from "./shim-tasks.ts";

export interface Amount {
  readonly count: number;
  readonly atOnce: number;
  /** Told on the way. */
  readonly say: (line: string) => void;
}

/** A pod that containers join. */
export interface LivingPod {
  readonly id: string;
  readonly shim: ShimTasks;
}

export async function startPod(machine: Machine, name = "pod"): Promise<LivingPod> {
  const id = machine.id(name);
  await machine.ctr.runDetached(id, ["sleep", "100000"], [...podFlags(id, "sandbox"), "--null-io"]);
  return { id, shim: await shimTasks(machine, id) };
}

export async function stopPod(machine: Machine, { id, shim }: LivingPod): Promise<void> {
  shim.close();
  await machine.ctr.remove(id);
}

/**
 * Create, start, exec, wait, delete: of a pod of its own, or in `pod`. One ctr does all but the exec and the kill. In turn:
 * output on FIFOs and an end of its own, no stdio and killed, output to a file and killed; each tenth time the exec is
 * ctr's, with stdio on pipes or on a terminal.
 */
export async function lifecycle(machine: Machine, round: number, pod?: LivingPod): Promise<void> {
  const { ctr } = machine;
  const id = machine.id(`soak${round}`);
  const log = machine.file(`${id}.log`);
  const kind = (["fifos", "none", "file"] as const)[round % 3] ?? "none";
  const stdio = { fifos: [], none: ["--null-io"], file: ["--log-uri", `file://${log}`] }[kind];
  const code = round % 100;
  const run = start(ctr.runArgv(id, service(code), ["--rm", ...stdio, ...(pod ? podFlags(pod.id, "container") : [])]));
  const check = (): void => {
    if (run.ended()) throw new Error(`round ${round} (${id}) ended early:\n${run.stderr()}`);
  };

  const shim =
    pod?.shim ??
    (await until(`${id} has a shim`, async () => {
      check();
      return await shimTasks(machine, id).catch(() => undefined);
    }));
  await until(
    `${id} runs`,
    async () => {
      check();
      const state = await shim.task.state({ id, execId: "" }).catch(() => undefined);
      return state?.status === Status.RUNNING;
    },
    patienceMs,
  );
  if (round % 10 === 0) {
    const { code, stdout } = await ctr.exec(id, "e1", ["sh", "-c", "echo inside; exit 3"]);
    assert.deepEqual([code, stdout], [3, "inside\n"], `round ${round}: exec`);
  } else if (round % 10 === 5) {
    const { code } = await startOnTerminal(ctr.execArgv(id, "e1", ["sh", "-c", "exit 3"], ["--tty"])).result();
    assert.equal(code, 3, `round ${round}: exec on a terminal`);
  } else {
    assert.equal(await execute(shim, id, "e1", ["sh", "-c", "exit 3"]), 3, `round ${round}: exec`);
  }
  // Before it has its handler the kernel would drop the signal.
  if (kind === "fifos") await until(`${id} is ready`, () => run.stdout() === ready);
  await shim.task.kill({ id, execId: "", signal: kind === "fifos" ? 15 : 9, all: false });
  const { code: seen, stderr } = await run.result();
  assert.equal(seen, kind === "fifos" ? code : 137, `round ${round}: ${stderr}`);
  if (kind === "file") rmSync(log);
  if (pod === undefined) shim.close();
}

/** `count` rounds, numbered from `first`, `atOnce` of them at any time. */
export async function rounds(
  first: number,
  count: number,
  atOnce: number,
  work: (round: number) => Promise<void>,
): Promise<void> {
  let next = first;
  const worker = async (): Promise<void> => {
    while (next < first + count) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
