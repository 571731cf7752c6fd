import { existsSync, lstatSync, mkdirSync, symlinkSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { alreadyExists, unimplemented } from "../../errors/shim-error.ts";
import { lcowMappedVirtualDisk, scsiDevice } from "../../prot/resources/scsi.ts";
import { guestPath } from "../guest-path.ts";
import { mountBlockDevice } from "./block-device.ts";
import { ensureFileSystem } from "./file-system.ts";
import { MountPoint } from "./mount-point.ts";
import { partitionDevice } from "./partition.ts";
import type { DiskResolver, MountCalls, RunProgram } from "./ports.ts";

/** Resources "MappedVirtualDisk" and "SCSIDevice": a disk by its controller and LUN. */
export class MappedVirtualDisk {
  readonly #calls: MountCalls;
  readonly #disks: DiskResolver;
  readonly #run: RunProgram;

  constructor(calls: MountCalls, disks: DiskResolver, run: RunProgram) {
    this.#calls = calls;
    this.#disks = disks;
    this.#run = run;
  }

  async add(value: unknown): Promise<void> {
    const settings = lcowMappedVirtualDisk.decode(value, "MappedVirtualDisk");
    const target = guestPath(settings.mountPath, "MappedVirtualDisk.MountPath");
    if (settings.encrypted) throw unimplemented("MappedVirtualDisk: Encrypted disks are not supported by this guest");
    if (settings.verityInfo !== undefined)
      throw unimplemented("MappedVirtualDisk: VerityInfo is not supported by this guest");
    const disk = await this.#disks.find({ controller: settings.controller, lun: settings.lun });
    const device = await partitionDevice(disk, settings.partition);
    if (settings.blockDev) return linkDevice(device, target);

    const { readOnly, options } = settings;
    let fileSystem = settings.filesystem;
    if (settings.ensureFilesystem) fileSystem = await ensureFileSystem(device, fileSystem, this.#run);
    mountBlockDevice(this.#calls, { device, target, fileSystem, readOnly, options });
  }

  /** Unmounts; success for a path that is missing or not mounted. */
  remove(value: unknown): void {
    const { mountPath } = lcowMappedVirtualDisk.decode(value, "MappedVirtualDisk");
    const target = guestPath(mountPath, "MappedVirtualDisk.MountPath");
    if (lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink()) unlinkSync(target);
    else new MountPoint(this.#calls, target).unmount();
  }

  /** SCSIDevice Remove: the kernel forgets the disk, so that the host can detach it. */
  removeDevice(value: unknown): Promise<void> {
    return this.#disks.release(scsiDevice.decode(value, "SCSIDevice"));
  }
}

function linkDevice(device: string, target: string): void {
  if (existsSync(target)) throw alreadyExists(`"${target}" exists; cannot link the block device there`);
  mkdirSync(dirname(target), { recursive: true });
  symlinkSync(device, target);
}
