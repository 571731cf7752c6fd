/** Streams of processes, without a VM: beside containerd's shim, and beside what the kernel does without any shim. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runOk } from "../../test/harness/command.ts";
import type { Metric } from "./metric.ts";
import type { Part } from "./part.ts";
import { inTurn, type Pair, timed } from "./rounds.ts";
import { ShimPod } from "./shim-pod.ts";
import { OURS, PEER, PEER_NAME } from "./shims.ts";
import { stdinRate, stdoutRate } from "./streams.ts";

const MIB = 512;
/** A terminal is slow everywhere. */
const TERMINAL_MIB = 16;

export const stdio: Part = {
  title: "Streams, stack `local`",
  about: `\`dd\` writes ${MIB} MiB (to a terminal ${TERMINAL_MIB}) to a FIFO that \`dd\` reads. The FIFOs have the kernel's default size.`,
  seconds: 240,
  async run(record, quick) {
    const rounds = quick ? 2 : 5;
    const ours = await ShimPod.start(OURS, "local");
    try {
      const pods: Pair<ShimPod> = { ours, peer: await ShimPod.start(PEER, "local") };
      const metric = async (id: string, title: string, rate: (pod: ShimPod) => Promise<number>): Promise<Metric> => {
        const rates = await inTurn(rounds, (side) => rate(pods[side]));
        return { id, title, unit: "MB/s", ours: rates.ours, peer: { name: PEER_NAME, values: rates.peer } };
      };
      const terminal = { terminal: true };
      try {
        await record.measure("stdout", 90, async () => {
          const stdout = await metric("stdout-local", "stdout", (pod) => stdoutRate(pod, MIB));
          const bare: number[] = [];
          for (let round = 0; round < rounds; round++) bare.push(await bareFifo());
          const bound: Metric = {
            ...stdout,
            id: "stdout-bare",
            peer: { name: "`dd`, FIFO, `dd`: no shim", values: bare },
          };
          return [stdout, bound];
        });
        await record.measure("stdin", 90, async () => [
          await metric("stdin-local", "stdin", (pod) => stdinRate(pod, MIB)),
        ]);
        await record.measure("stdout of a terminal", 60, async () => [
          await metric("stdout-terminal", "stdout of a terminal", (pod) => stdoutRate(pod, TERMINAL_MIB, terminal)),
        ]);
        await record.measure("stdin of a terminal", 60, async () => [
          await metric("stdin-terminal", "stdin of a terminal", (pod) => stdinRate(pod, TERMINAL_MIB, terminal)),
        ]);
      } finally {
        await pods.peer.close();
      }
    } finally {
      await ours.close();
    }
  },
};

async function bareFifo(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), "uvm-bench-"));
  try {
    const fifo = join(directory, "fifo");
    await runOk(["mkfifo", fifo]);
    const took = await timed(() =>
      Promise.all([
        runOk(["dd", "if=/dev/zero", `of=${fifo}`, "bs=1M", `count=${MIB}`]),
        runOk(["dd", `if=${fifo}`, "of=/dev/null", "bs=1M"]),
      ]),
    );
    return (MIB * 1024 * 1024) / 1000 / took;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
