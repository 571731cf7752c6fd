import { failedPrecondition } from "../../errors/shim-error.ts";
import type { VmDevices } from "./devices.ts";

const nothing: Pick<VmDevices, "save"> = {
  save: () => ({ mounts: 0, scsi: { slots: [], disks: [] }, shm: [] }),
};

/** Of a guest that is this host and sees all of it: there are none to save, and to ask for one throws failed-precondition. */
export const noDevices: VmDevices = new Proxy(nothing as VmDevices, {
  get(target, name) {
    if (name === "save") return target.save;
    throw failedPrecondition(`the guest is this host, which has no virtual devices; cannot use ${String(name)}`);
  },
});
