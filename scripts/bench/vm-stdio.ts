/** Streams of processes in a VM, beside what the channel itself carries. */
import type { Section } from "./metric.ts";
import { RawChannel } from "./raw-channel.ts";
import { OURS } from "./shims.ts";
import { StreamedShim } from "./streamed-shim.ts";

const MIB = 32;

export async function benchVmStdio(rounds: number): Promise<Section> {
  const raw = await RawChannel.open();
  try {
    const shim = await StreamedShim.start(OURS, "qemu");
    try {
      const figures = { out: [] as number[], rawOut: [] as number[], into: [] as number[], rawIn: [] as number[] };
      for (let round = -1; round < rounds; round++) {
        const out = await shim.stdout(MIB);
        const rawOut = await raw.fromGuest(MIB);
        const into = await shim.stdin(MIB);
        const rawIn = await raw.toGuest(MIB);
        // An emulated processor translates its code in the first round.
        if (round < 0) continue;
        figures.out.push(out);
        figures.rawOut.push(rawOut);
        figures.into.push(into);
        figures.rawIn.push(rawIn);
      }
      const name = "the raw channel";
      return {
        title: "Streams through the VM, stack `qemu`",
        about: `${MIB} MiB through a FIFO of 64 KiB, the shim, the channel, the guest and a pipe; the raw channel is a virtio-serial port between a shell in the guest and a socket.`,
        metrics: [
          { id: "stdout-vm", title: "stdout", unit: "MB/s", ours: figures.out, peer: { name, values: figures.rawOut } },
          { id: "stdin-vm", title: "stdin", unit: "MB/s", ours: figures.into, peer: { name, values: figures.rawIn } },
        ],
      };
    } finally {
      await shim.close();
    }
  } finally {
    await raw.close();
  }
}
