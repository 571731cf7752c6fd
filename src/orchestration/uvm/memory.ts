import { ShimError } from "../../errors/shim-error.ts";
import type { UvmSizing } from "../../vmmanager/sizing.ts";
import { bounded } from "../deadline.ts";
import type { VmHost } from "../vm/ports.ts";

/** What every guest needs. */
const LEAST_MIB = 128;
/** The guest has no udev that would load what drives a device. */
const LOAD_DRIVERS = ["modprobe", "-a", "virtio_mem", "virtio_balloon"];

/** Gives the running VM more memory or takes some back; what it then has. Throws out-of-range. */
export async function resizeMemory(
  { uvm, guest }: VmHost,
  size: UvmSizing,
  byMib: number,
  limit: number,
): Promise<UvmSizing> {
  const memoryMiB = size.memoryMiB + byMib;
  if (memoryMiB < LEAST_MIB || memoryMiB > size.maxMemoryMiB) {
    throw new ShimError(
      "out-of-range",
      `uvm ${uvm.id} has ${size.memoryMiB} MiB of memory; cannot make it ${memoryMiB}: ` +
        `${LEAST_MIB} to ${size.maxMemoryMiB} are possible (a new VM has as many as its configuration says)`,
    );
  }
  await bounded(limit, `resizing uvm ${uvm.id} to ${memoryMiB} MiB of memory`, async (call) => {
    const drivers = await guest.createProcess({ commandArgs: LOAD_DRIVERS }, call);
    const code = await drivers.exitCode;
    if (code !== 0) throw new ShimError("internal", `${LOAD_DRIVERS.join(" ")} in the guest ended with ${code}`);
    await uvm.updateMemory(memoryMiB, call);
  });
  return { ...size, memoryMiB };
}
