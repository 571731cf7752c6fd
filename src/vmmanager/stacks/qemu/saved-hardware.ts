import { ShimError } from "../../../errors/shim-error.ts";
import { type Hardware, unsaveable } from "./devices/hardware.ts";

/** The saved hardware with disks of this host in place of those that it names. Throws data-loss for what else it names. */
export function withDisks(hardware: Hardware, disks: ReadonlyMap<string, string>, directory: string): Hardware {
  const refuse = (why: string): Error =>
    new ShimError("data-loss", `saved state ${directory} ${why}; cannot restore a VM from it: save one again`);
  const obstacle = hardware.adapters.length > 0 ? "it has network adapters" : unsaveable(hardware);
  if (obstacle !== undefined) throw refuse(`is of a VM that is not saved like that (${obstacle})`);
  return {
    ...hardware,
    disks: hardware.disks.map((disk) => {
      const hostPath = disks.get(disk.hostPath);
      if (hostPath === undefined) throw refuse(`names disk ${disk.hostPath}, which is not its container's`);
      return { ...disk, hostPath };
    }),
  };
}
