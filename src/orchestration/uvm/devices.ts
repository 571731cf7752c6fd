import { basename } from "node:path";
import {
  alreadyExists,
  assertNever,
  failedPrecondition,
  invalidArgument,
  notFound,
  ShimError,
} from "../../errors/shim-error.ts";
import type { NetworkBackend } from "../../vmmanager/network.ts";
import { bounded } from "../deadline.ts";
import type { VmDevices } from "../device/devices.ts";
import type { Mapping } from "../device/mapping.ts";
import type { VmHost } from "../vm/ports.ts";
import type { DeviceKind, UvmDevice, UvmFiles, UvmLimits, UvmPorts } from "./ports.ts";
import type { SavedUvmDisk } from "./saved.ts";

interface Attached {
  readonly device: UvmDevice;
  readonly fileSystem?: string;
  detach(): Promise<void>;
}

/** What is held of a VM, running or in the making. */
export interface DeviceHolder extends VmHost {
  readonly devices: VmDevices;
}

/** Why no save carries one of these, and how to mend it. */
const unsavable: Readonly<Partial<Record<DeviceKind, string>>> = {
  share: "its files are this host's; boot a VM without it, and give it a disk",
  nic: "its connection stays here; remove the nic first, and add one after the restore",
  vpmem: "its memory is a file of this host; boot a VM without it, and give it a disk",
};

/** What somebody has put into a VM by hand, each by its source. */
export class UvmDevices {
  readonly #id: string;
  readonly #files: UvmFiles;
  readonly #limits: Pick<UvmLimits, "query">;
  readonly #attached = new Map<string, Attached>();
  #adapters = 0;

  constructor(id: string, files: UvmFiles, limits: Pick<UvmLimits, "query">) {
    this.#id = id;
    this.#files = files;
    this.#limits = limits;
  }

  list(): UvmDevice[] {
    return [...this.#attached.values()].map(({ device }) => device);
  }

  /**
   * As it is to be attached, before anything is begun. Throws invalid-argument for a disk without a file system, not-found,
   * already-exists.
   */
  async check(wanted: UvmDevice): Promise<{ readonly device: UvmDevice; readonly fileSystem?: string }> {
    const { kind, source } = wanted;
    if (this.#attached.has(keyOf(wanted))) {
      throw alreadyExists(`uvm ${this.#id} has ${kind} ${source} already; cannot add it again: remove it first`);
    }
    if (kind === "nic") {
      backendOf(source);
      return { device: { ...wanted, guest: wanted.guest || newMacAddress() } };
    }
    // Persistent memory is mounted where its controller chooses.
    if (kind === "vpmem") return { device: { ...wanted, readOnly: true } };
    if (kind === "share") return { device: wanted };
    const device = { ...wanted, guest: wanted.guest || `/run/disks/${basename(source)}` };
    const fileSystem = await this.#files.fileSystemOf(source);
    if (wanted.bare) return { device };
    if (fileSystem !== undefined) return { device, fileSystem };
    throw invalidArgument(
      `disk ${source} has no file system that the guest mounts; cannot add it: mkfs.ext4 ${source}, or give it bare`,
    );
  }

  async add(host: DeviceHolder, wanted: UvmDevice): Promise<UvmDevice> {
    const { device, fileSystem } = await this.check(wanted);
    const attached = device.kind === "nic" ? await this.#plug(host, device) : await this.#map(host, device, fileSystem);
    this.#attached.set(keyOf(device), attached);
    return attached.device;
  }

  /** Those of a restored VM, which is there with its disks: bookkeeping. */
  async restored(host: DeviceHolder, disks: readonly SavedUvmDisk[]): Promise<void> {
    for (const { source, guest, readOnly, fileSystem } of disks) {
      const device: UvmDevice = { kind: "disk", source, guest, readOnly, bare: fileSystem === undefined };
      this.#attached.set(keyOf(device), await this.#map(host, device, fileSystem));
    }
  }

  async remove(kind: DeviceKind, what: string): Promise<void> {
    const found = [...this.#attached].find(
      ([, { device }]) => device.kind === kind && (device.source === what || device.guest === what),
    );
    if (found === undefined) {
      const has = this.list().filter((device) => device.kind === kind);
      const there = has.length === 0 ? `it has no ${kind}` : `it has ${has.map(({ source }) => source).join(", ")}`;
      throw notFound(`uvm ${this.#id} has no ${kind} ${what}; cannot remove it: ${there}`);
    }
    const [key, attached] = found;
    await attached.detach();
    this.#attached.delete(key);
  }

  /** For a save, while the VM stands still. Throws failed-precondition with what no save can carry. */
  async save(): Promise<SavedUvmDisk[]> {
    this.checkSavable();
    const disks = [...this.#attached.values()].map(async ({ device: { source, guest, readOnly }, fileSystem }) => {
      const fingerprint = await this.#files.fingerprint(source);
      return { source, guest, readOnly, ...(fileSystem !== undefined && { fileSystem }), fingerprint };
    });
    return Promise.all(disks);
  }

  /** Unmounts the disks, so that their file systems are clean. What a process still uses stays. */
  async letGo(warn: UvmPorts["warn"]): Promise<void> {
    for (const [key, { device, detach }] of [...this.#attached].reverse()) {
      if (device.kind !== "disk") continue;
      try {
        await detach();
        this.#attached.delete(key);
      } catch (cause) {
        warn(`disk ${device.source} is not unmounted`, cause);
      }
    }
  }

  checkSavable(): void {
    for (const { kind, source } of this.list()) {
      const why = unsavable[kind];
      if (why === undefined) continue;
      throw failedPrecondition(`uvm ${this.#id} has ${kind} ${source}; cannot save it: ${why}`);
    }
  }

  async #map({ devices }: DeviceHolder, device: UvmDevice, fileSystem?: string): Promise<Attached> {
    const mapping = reserve(devices, device, fileSystem);
    try {
      await mapping.map();
    } catch (thrown) {
      const cause = ShimError.from(thrown, "internal");
      // What stays reserved is given back with the VM.
      await mapping.unmap().catch(() => undefined);
      throw new ShimError(cause.kind, `${device.kind} ${device.source} cannot be added: ${cause.message}`, { cause });
    }
    return {
      device: { ...device, guest: mapping.guestPath },
      ...(fileSystem !== undefined && { fileSystem }),
      detach: () => mapping.unmap(),
    };
  }

  async #plug({ uvm }: VmHost, device: UvmDevice): Promise<Attached> {
    const id = `nic${this.#adapters++}`;
    const what = `nic ${device.source} of uvm ${this.#id}`;
    const backend = this.#backend(device.source);
    const adapter = { id, macAddress: device.guest, backend };
    await bounded(this.#limits.query, `plugging in ${what}`, (call) => uvm.addNetworkAdapter(adapter, call));
    return {
      device,
      detach: () => bounded(this.#limits.query, `unplugging ${what}`, (call) => uvm.removeNetworkAdapter(id, call)),
    };
  }

  #backend(source: string): NetworkBackend {
    const { kind, name } = backendOf(source);
    return kind === "tap" ? { kind, fd: this.#files.openTap(name) } : { kind, path: name };
  }
}

function reserve(devices: VmDevices, { kind, source, guest, readOnly }: UvmDevice, fileSystem?: string): Mapping {
  const path = guest === "" ? {} : { guestPath: guest };
  switch (kind) {
    case "disk":
      return devices.scsi.reserve({
        ...{ hostPath: source, readOnly, ...path },
        ...(fileSystem !== undefined && { fileSystem }),
      });
    case "share":
      return devices.plan9.reserve({ hostPath: source, readOnly, ...path });
    case "vpmem":
      return devices.vpmem.reserve({ hostPath: source });
    case "nic":
      throw new ShimError("internal", "a nic is no mapping");
    default:
      return assertNever(kind);
  }
}

function backendOf(source: string): { readonly kind: "tap" | "unix-stream"; readonly name: string } {
  const [, kind = "", name = ""] = /^(tap|unix):(.+)$/.exec(source) ?? [];
  if (kind === "tap") return { kind, name };
  if (kind === "unix" && name.startsWith("/")) return { kind: "unix-stream", name };
  throw invalidArgument(`nic ${source} is none: give tap:NAME, or unix:PATH of a socket that carries frames`);
}

/** Locally administered, as QEMU's own begin. */
function newMacAddress(): string {
  const random = [...crypto.getRandomValues(new Uint8Array(3))].map((byte) => byte.toString(16).padStart(2, "0"));
  return ["52", "54", "00", ...random].join(":");
}

const keyOf = ({ kind, source }: UvmDevice): string => `${kind} ${source}`;
