import { unimplemented } from "../../errors/shim-error.ts";
import { lcowMappedVpmemDevice } from "../../prot/resources/devices.ts";
import { guestPath } from "../guest-path.ts";
import { mountBlockDevice } from "./block-device.ts";
import { MountPoint } from "./mount-point.ts";
import type { MountCalls, PmemResolver } from "./ports.ts";

/** Resource "VPMemDevice": a read-only image in persistent memory, by the number of its device. */
export class MappedVpmem {
  readonly #calls: MountCalls;
  readonly #devices: PmemResolver;

  constructor(calls: MountCalls, devices: PmemResolver) {
    this.#calls = calls;
    this.#devices = devices;
  }

  async add(value: unknown): Promise<void> {
    const settings = lcowMappedVpmemDevice.decode(value, "VPMemDevice");
    const target = guestPath(settings.mountPath, "VPMemDevice.MountPath");
    if (settings.mappingInfo !== undefined)
      throw unimplemented("VPMemDevice: MappingInfo is not supported by this guest; give each layer its own device");
    if (settings.verityInfo !== undefined)
      throw unimplemented("VPMemDevice: VerityInfo is not supported by this guest");
    const device = await this.#devices.find(settings.deviceNumber);
    mountBlockDevice(this.#calls, { device, target, fileSystem: "", readOnly: true, options: [] });
  }

  /** Unmounts; success for a path that is missing or not mounted. The device stays: nothing lets go of memory. */
  remove(value: unknown): void {
    const { mountPath } = lcowMappedVpmemDevice.decode(value, "VPMemDevice");
    new MountPoint(this.#calls, guestPath(mountPath, "VPMemDevice.MountPath")).unmount();
  }
}
