import { alreadyExists, notFound } from "../../src/errors/shim-error.ts";
import type { GuestDirectories } from "../../src/guestmanager/directories.ts";
import type { Guest, GuestProcess } from "../../src/guestmanager/guest.ts";
import type { GuestLayers } from "../../src/guestmanager/layers.ts";
import type { GuestScsi } from "../../src/guestmanager/scsi.ts";
import type { GuestUnixSockets } from "../../src/guestmanager/sockets.ts";
import { createMemorySockets } from "../../src/transport/memory.ts";
import type { Plan9Manager } from "../../src/vmmanager/plan9.ts";
import type { ScsiManager } from "../../src/vmmanager/scsi.ts";

export type DeviceCall =
  | keyof (Omit<ScsiManager, "scsiLimits"> & Plan9Manager)
  | keyof (GuestScsi & GuestDirectories & GuestLayers & GuestUnixSockets)
  | "createProcess";

/** A VM's disks, shares and sockets as host and guest would keep them: what is added twice, or taken in the wrong order, throws. */
export class DeviceStandIn
  implements ScsiManager, Plan9Manager, GuestScsi, GuestDirectories, GuestLayers, GuestUnixSockets
{
  exitCode = 0;
  scsiLimits = { controllers: 4, luns: 64 };
  readonly log: string[] = [];
  /** Run before the call; one that throws or hangs fails it. */
  readonly faults: { [call in DeviceCall]?: () => unknown } = {};
  /** Run after its effect: the call was done, its answer is lost. */
  readonly lateFaults: { [call in DeviceCall]?: () => unknown } = {};
  readonly disks = new Map<string, string>();
  readonly shares = new Map<string, string>();
  /** Guest path -> the disk's place or the share's name. */
  readonly mounts = new Map<string, string>();
  readonly layers = new Set<string>();
  readonly sockets = createMemorySockets().host;

  addScsiDisk: ScsiManager["addScsiDisk"] = ({ controller, lun, hostPath, readOnly }) =>
    this.#call("addScsiDisk", `${controller}:${lun} ${hostPath}${readOnly ? " ro" : ""}`, () =>
      add(this.disks, `${controller}:${lun}`, hostPath),
    );
  removeScsiDisk: ScsiManager["removeScsiDisk"] = ({ controller, lun }) =>
    this.#call("removeScsiDisk", `${controller}:${lun}`, () => remove(this.disks, `${controller}:${lun}`));
  addPlan9Share: Plan9Manager["addPlan9Share"] = ({ name, hostPath, readOnly }) =>
    this.#call("addPlan9Share", `${name} ${hostPath}${readOnly ? " ro" : ""}`, () => add(this.shares, name, hostPath));
  removePlan9Share: Plan9Manager["removePlan9Share"] = (name) =>
    this.#call("removePlan9Share", name, () => {
      this.#unused(name);
      remove(this.shares, name);
    });

  addMappedVirtualDisk: GuestScsi["addMappedVirtualDisk"] = (disk) => {
    const { mountPath = "", controller = 0, lun = 0, readOnly, filesystem = "link", options = [] } = disk;
    const words = [`${controller}:${lun}`, mountPath, filesystem, ...(readOnly ? ["ro"] : []), ...options];
    return this.#call("addMappedVirtualDisk", words.join(" "), () => {
      if (!this.disks.has(`${controller}:${lun}`)) throw notFound(`no disk ${controller}:${lun}`);
      add(this.mounts, mountPath, `${controller}:${lun}`);
    });
  };
  removeMappedVirtualDisk: GuestScsi["removeMappedVirtualDisk"] = ({ mountPath = "" }) =>
    this.#call("removeMappedVirtualDisk", mountPath, () => void this.mounts.delete(mountPath));
  removeScsiDevice: GuestScsi["removeScsiDevice"] = ({ controller = 0, lun = 0 }) =>
    this.#call("removeScsiDevice", `${controller}:${lun}`, () => this.#unused(`${controller}:${lun}`));
  addMappedDirectory: GuestDirectories["addMappedDirectory"] = ({ mountPath = "", shareName = "", readOnly }) =>
    this.#call("addMappedDirectory", `${shareName} ${mountPath}${readOnly ? " ro" : ""}`, () => {
      if (!this.shares.has(shareName)) throw notFound(`no share ${shareName}`);
      add(this.mounts, mountPath, shareName);
    });
  removeMappedDirectory: GuestDirectories["removeMappedDirectory"] = ({ mountPath = "" }) =>
    this.#call("removeMappedDirectory", mountPath, () => void this.mounts.delete(mountPath));
  addMappedSocket: GuestUnixSockets["addMappedSocket"] = ({ path = "", port = 0 }) =>
    this.#call("addMappedSocket", path, () => add(this.mounts, path, String(port)));
  removeMappedSocket: GuestUnixSockets["removeMappedSocket"] = ({ path = "" }) =>
    this.#call("removeMappedSocket", path, () => remove(this.mounts, path));
  addCombinedLayers: GuestLayers["addCombinedLayers"] = (settings) => {
    const { containerRootPath = "", layers = [], scratchPath = "" } = settings;
    const paths = layers.map(({ path = "" }) => path);
    return this.#call("addCombinedLayers", `${containerRootPath} ${paths.join(":")} ${scratchPath}`, () => {
      for (const path of paths) if (!this.mounts.has(path)) throw notFound(`no layer ${path}`);
      this.layers.add(containerRootPath);
    });
  };
  removeCombinedLayers: GuestLayers["removeCombinedLayers"] = ({ containerRootPath = "" }) =>
    this.#call("removeCombinedLayers", containerRootPath, () => void this.layers.delete(containerRootPath));

  /** Only tmpfs are made by programs of the guest. */
  createProcess: Guest["createProcess"] = async ({ commandArgs }) => {
    await this.#call("createProcess", commandArgs.join(" "), () => {
      const path = commandArgs.at(-1) ?? "";
      if (commandArgs[0] === "mount") this.mounts.set(path, "tmpfs");
      if (commandArgs[0] === "sh") this.mounts.delete(path);
    });
    return { pid: 1, exitCode: Promise.resolve(this.exitCode) } as GuestProcess;
  };

  /** Everything there is; empty where nothing was left behind. */
  left(): string[] {
    return [...this.disks.keys(), ...this.shares.keys(), ...this.mounts.keys(), ...this.layers];
  }

  async #call(name: DeviceCall, what: string, effect: () => void): Promise<void> {
    this.log.push(`${name} ${what}`.trim());
    await this.faults[name]?.();
    effect();
    await this.lateFaults[name]?.();
  }

  #unused(place: string): void {
    for (const [path, used] of this.mounts) if (used === place) throw new Error(`${place} is mounted on ${path}`);
  }
}

function add(map: Map<string, string>, key: string, value: string): void {
  if (map.has(key)) throw alreadyExists(`${key} is taken by ${map.get(key)}`);
  map.set(key, value);
}

function remove(map: Map<string, string>, key: string): void {
  if (!map.delete(key)) throw notFound(`${key} is not there`);
}
