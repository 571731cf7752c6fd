import { alreadyExists, notFound } from "../../src/errors/shim-error.ts";
import type { GuestDirectories } from "../../src/guestmanager/directories.ts";
import type { Guest, GuestProcess } from "../../src/guestmanager/guest.ts";
import type { GuestLayers } from "../../src/guestmanager/layers.ts";
import type { GuestScsi } from "../../src/guestmanager/scsi.ts";
import type { GuestUnixSockets } from "../../src/guestmanager/sockets.ts";
import type { GuestVpmem } from "../../src/guestmanager/vpmem.ts";
import type { VpciGuest } from "../../src/orchestration/device/vpci/ports.ts";
import { createMemorySockets } from "../../src/transport/memory.ts";
import type { PciManager } from "../../src/vmmanager/pci.ts";
import type { PipeManager } from "../../src/vmmanager/pipe.ts";
import type { Plan9Manager, ShareRules } from "../../src/vmmanager/plan9.ts";
import type { ScsiLimits, ScsiManager } from "../../src/vmmanager/scsi.ts";
import type { StackName } from "../../src/vmmanager/uvm.ts";
import type { VpmemLimits, VpmemManager } from "../../src/vmmanager/vpmem.ts";
import type { VsmbManager } from "../../src/vmmanager/vsmb.ts";

type Host = ScsiManager & Plan9Manager & VpmemManager & VsmbManager & PciManager & PipeManager;
type InGuest = GuestScsi & GuestDirectories & GuestLayers & GuestUnixSockets & VpciGuest;

export type DeviceCall =
  | Exclude<keyof Host, "scsiLimits" | "vpmemLimits" | "shareRules">
  | keyof InGuest
  | "mountVpmem"
  | "unmountVpmem"
  | "createProcess";

/**
 * A VM's devices, shares and sockets as host and guest would keep them: what is added twice, or taken in the wrong order,
 * throws.
 */
export class DeviceStandIn implements Host, InGuest, GuestVpmem {
  exitCode = 0;
  stack: StackName = "hcs";
  os = "linux" as const;
  scsiLimits: ScsiLimits = { controllers: 4, luns: 64 };
  vpmemLimits: VpmemLimits = { devices: 64, deviceBytes: 4n << 30n, multiMapping: false };
  shareRules: ShareRules = {};
  readonly log: string[] = [];
  /** Run before the call; one that throws or hangs fails it. */
  readonly faults: { [call in DeviceCall]?: () => unknown } = {};
  /** Run after its effect: the call was done, its answer is lost. */
  readonly lateFaults: { [call in DeviceCall]?: () => unknown } = {};
  /** Both in one, for every call. */
  onCall: (call: DeviceCall, when: "before" | "after") => unknown = () => undefined;
  readonly disks = new Map<string, string>();
  /** Of `disks`: the host opens no image twice for writing. */
  readonly #writable = new Set<string>();
  readonly shares = new Map<string, string>();
  /** By device and offset. */
  readonly vpmem = new Map<string, string>();
  readonly vsmb = new Map<string, string>();
  /** VMBus GUID -> the device and its virtual function. */
  readonly pci = new Map<string, string>();
  readonly pipes = new Map<string, string>();
  /** Guest path -> the disk's place or the share's name. */
  readonly mounts = new Map<string, string>();
  readonly layers = new Set<string>();
  readonly sockets = createMemorySockets().host;

  addScsiDisk: ScsiManager["addScsiDisk"] = ({ controller, lun, hostPath, readOnly }) =>
    this.#call("addScsiDisk", `${controller}:${lun} ${hostPath}${readOnly ? " ro" : ""}`, () => {
      for (const place of readOnly ? [] : this.#writable) {
        if (this.disks.get(place) === hostPath) throw alreadyExists(`${hostPath} is open for writing at ${place}`);
      }
      add(this.disks, `${controller}:${lun}`, hostPath);
      if (!readOnly) this.#writable.add(`${controller}:${lun}`);
    });
  removeScsiDisk: ScsiManager["removeScsiDisk"] = ({ controller, lun }) =>
    this.#call("removeScsiDisk", `${controller}:${lun}`, () => {
      this.#writable.delete(`${controller}:${lun}`);
      remove(this.disks, `${controller}:${lun}`);
    });
  grantVmAccess = (hostPath: string, access: string) =>
    this.#call("grantVmAccess", `${hostPath} ${access}`, () => undefined);
  addPlan9Share: Plan9Manager["addPlan9Share"] = ({ name, hostPath, readOnly, allowedNames }) => {
    const words = [name, hostPath, ...(readOnly ? ["ro"] : []), ...(allowedNames ? [`only ${allowedNames}`] : [])];
    return this.#call("addPlan9Share", words.join(" "), () => add(this.shares, name, hostPath));
  };
  removePlan9Share: Plan9Manager["removePlan9Share"] = (name) =>
    this.#call("removePlan9Share", name, () => {
      this.#unused(name);
      remove(this.shares, name);
    });

  addVpmemMapping: VpmemManager["addVpmemMapping"] = ({ deviceNumber, offset, hostPath }) =>
    this.#call("addVpmemMapping", `${deviceNumber}@${offset} ${hostPath}`, () => {
      if (!this.vpmem.has(`${deviceNumber}@0`)) throw notFound(`no device ${deviceNumber}`);
      add(this.vpmem, `${deviceNumber}@${offset}`, hostPath);
    });
  removeVpmemMapping: VpmemManager["removeVpmemMapping"] = ({ deviceNumber, offset }) =>
    this.#call("removeVpmemMapping", `${deviceNumber}@${offset}`, () => this.#removeVpmem(`${deviceNumber}@${offset}`));
  /** The host's, and the guest's of the same name. */
  addVpmemDevice = (
    device: Parameters<VpmemManager["addVpmemDevice"]>[0] | Parameters<GuestVpmem["addVpmemDevice"]>[0],
  ): Promise<void> => {
    if ("hostPath" in device) {
      const place = `${device.deviceNumber}@0`;
      const effect = (): void => add(this.vpmem, place, device.hostPath);
      return this.#call("addVpmemDevice", `${place} ${device.hostPath}`, effect);
    }
    const { deviceNumber = 0, mountPath = "", mappingInfo } = device;
    const place = `${deviceNumber}@${mappingInfo?.deviceOffsetInBytes ?? 0n}`;
    const size = mappingInfo === undefined ? "" : ` ${mappingInfo.deviceSizeInBytes}`;
    return this.#call("mountVpmem", `${place} ${mountPath}${size}`, () => {
      if (!this.vpmem.has(place)) throw notFound(`no image ${place}`);
      if ([...this.mounts.values()].includes(place)) throw alreadyExists(`${place} has a device mapper target`);
      add(this.mounts, mountPath, place);
    });
  };
  removeVpmemDevice = (device: number | Parameters<GuestVpmem["removeVpmemDevice"]>[0]): Promise<void> => {
    if (typeof device === "number") {
      return this.#call("removeVpmemDevice", `${device}@0`, () => this.#removeVpmem(`${device}@0`));
    }
    const { mountPath = "" } = device;
    return this.#call("unmountVpmem", mountPath, () => void this.mounts.delete(mountPath));
  };
  addVsmbShare: VsmbManager["addVsmbShare"] = ({ name, hostPath, allowedFiles = [], options = {} }) => {
    const words = [name, hostPath, ...allowedFiles, ...Object.keys(options)];
    return this.#call("addVsmbShare", words.join(" "), () => add(this.vsmb, name, hostPath));
  };
  removeVsmbShare: VsmbManager["removeVsmbShare"] = (name) =>
    this.#call("removeVsmbShare", name, () => remove(this.vsmb, name));
  addPciDevice: PciManager["addPciDevice"] = ({ id, address, virtualFunction = 0 }) => {
    const device = `${address}/${virtualFunction}`;
    return this.#call("addPciDevice", `${id} ${device}`, () => {
      if ([...this.pci.values()].includes(device)) throw alreadyExists(`${device} is in a VM`);
      add(this.pci, id, device);
    });
  };
  removePciDevice: PciManager["removePciDevice"] = (id) =>
    this.#call("removePciDevice", id, () => remove(this.pci, id));
  addPipe: PipeManager["addPipe"] = (hostPath) =>
    this.#call("addPipe", hostPath, () => add(this.pipes, hostPath.toLowerCase(), hostPath));
  removePipe: PipeManager["removePipe"] = (hostPath) =>
    this.#call("removePipe", hostPath, () => remove(this.pipes, hostPath.toLowerCase()));

  addVpciDevice: VpciGuest["addVpciDevice"] = ({ vmBusGuid }) =>
    this.#call("addVpciDevice", vmBusGuid, () => {
      if (!this.pci.has(vmBusGuid)) throw notFound(`${vmBusGuid} does not arrive`);
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
    const host = [this.disks, this.shares, this.vpmem, this.vsmb, this.pci, this.pipes];
    return [...host.flatMap((map) => [...map.keys()]), ...this.mounts.keys(), ...this.layers];
  }

  /** Whether what a mapping has there is in the guest. */
  isAt(guestPath: string): boolean {
    const [share = "", file = ""] = guestPath.split("\\").slice(5);
    const pipe = `\\\\.\\pipe\\${file}`.toLowerCase();
    return this.mounts.has(guestPath) || this.pci.has(guestPath) || this.vsmb.has(share) || this.pipes.has(pipe);
  }

  #removeVpmem(place: string): void {
    const [device = "", offset] = place.split("@");
    this.#unused(place);
    const others = [...this.vpmem.keys()].filter((other) => other !== place && other.startsWith(`${device}@`));
    if (offset === "0" && others.length > 0) throw new Error(`${place} carries ${others.join(", ")}`);
    remove(this.vpmem, place);
  }

  async #call(name: DeviceCall, what: string, effect: () => void): Promise<void> {
    this.log.push(`${name} ${what}`.trim());
    await this.onCall(name, "before");
    await this.faults[name]?.();
    effect();
    await this.lateFaults[name]?.();
    await this.onCall(name, "after");
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
