/** How fast the streams of a pod's processes are, in MB/s. */
import { closeSync, constants, openSync } from "node:fs";
import { runOk, start } from "../../test/harness/command.ts";
import { until } from "../../test/harness/until.ts";
import type { ShimPod } from "./shim-pod.ts";

const MIB = 1024 * 1024;

/** Of a process that writes zeros, to a reader that throws them away. */
export async function stdoutRate(pod: ShimPod, mib: number, { terminal = false } = {}): Promise<number> {
  const stdout = await pod.fifo();
  const reader = runOk(["dd", `if=${stdout}`, "of=/dev/null", "bs=1M"]);
  const execId = await pod.exec(["dd", "if=/dev/zero", "bs=1M", `count=${mib}`], { stdout, terminal });
  const begin = performance.now();
  await pod.task.start({ id: pod.id, execId });
  // dd's own summary goes to a terminal as well.
  const { stderr } = await reader;
  const took = performance.now() - begin;
  const bytes = Number(/^(\d+) bytes/m.exec(stderr)?.[1]);
  if (!(bytes >= mib * MIB)) throw new Error(`of ${mib} MiB came ${bytes} bytes`);
  await pod.ended(execId);
  return (mib * MIB) / 1000 / took;
}

/** Of a writer of zeros, to a process that throws them away, until that has ended. */
export async function stdinRate(pod: ShimPod, mib: number, { terminal = false } = {}): Promise<number> {
  const [stdin, stdout] = [await pod.fifo(), await pod.fifo()];
  // A terminal has no end of its input, and is to pass zeros as they are.
  const script = terminal
    ? `stty raw -echo; echo ready; dd bs=65536 count=${mib * 16} iflag=fullblock of=/dev/null 2>/dev/null`
    : "echo ready; cat >/dev/null";
  const reader = start(["cat", stdout]);
  const execId = await pod.exec(["sh", "-c", script], { stdin, stdout, terminal });
  // The writer is one of several: its end alone must not be the stream's.
  const held = openSync(stdin, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    await pod.task.start({ id: pod.id, execId });
    await until("the reader is ready", () => reader.stdout().includes("ready"));
    const begin = performance.now();
    await runOk(["dd", "if=/dev/zero", `of=${stdin}`, "bs=1M", `count=${mib}`]);
    closeSync(held);
    if (!terminal) await pod.task.closeIO({ id: pod.id, execId, stdin: true });
    await pod.task.wait({ id: pod.id, execId });
    const took = performance.now() - begin;
    await pod.ended(execId);
    await reader.result();
    return (mib * MIB) / 1000 / took;
  } finally {
    reader.kill();
  }
}
