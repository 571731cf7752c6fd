/** Streams of processes, without a VM: beside containerd's shim, and beside what the kernel does without any shim. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runOk } from "../../test/harness/command.ts";
import type { Metric, Section } from "./metric.ts";
import { inTurn, OURS, type Pair, PEER, PEER_NAME, timed } from "./shims.ts";
import { StreamedShim } from "./streamed-shim.ts";

const MIB = 1024;
/** A terminal is slow everywhere. */
const TERMINAL_MIB = 32;

export async function benchStdio(rounds: number): Promise<Section> {
  const shims: Pair<StreamedShim> = {
    ours: await StreamedShim.start(OURS, "local"),
    peer: await StreamedShim.start(PEER, "local"),
  };
  try {
    const metric = async (id: string, title: string, run: (shim: StreamedShim) => Promise<number>): Promise<Metric> => {
      const { ours, peer } = await inTurn(rounds, (side) => run(shims[side]));
      return { id, title, unit: "MB/s", ours, peer: { name: PEER_NAME, values: peer } };
    };
    const stdout = await metric("stdout-local", "stdout", (shim) => shim.stdout(MIB));
    const bare: number[] = [];
    for (let round = 0; round < rounds; round++) bare.push(await bareFifo());
    return {
      title: "Streams, stack `local`",
      about: `\`dd\` writes ${MIB} MiB (to a terminal ${TERMINAL_MIB}) to a FIFO that \`dd\` reads. The FIFOs have the kernel's default size.`,
      metrics: [
        stdout,
        { ...stdout, id: "stdout-bare", peer: { name: "`dd`, FIFO, `dd`, without a shim", values: bare } },
        await metric("stdout-terminal", "stdout of a terminal", (shim) =>
          shim.stdout(TERMINAL_MIB, { terminal: true }),
        ),
        await metric("stdin-local", "stdin", (shim) => shim.stdin(MIB)),
      ],
    };
  } finally {
    await shims.ours.close();
    await shims.peer.close();
  }
}

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
