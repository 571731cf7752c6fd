import { alreadyExists, invalidArgument, ShimError } from "../errors/shim-error.ts";
import { FIRST_FREE, LAST_SLOT } from "../vmmanager/stacks/qemu/devices/hardware.ts";
import { checkNic, type Nic } from "./nic-options.ts";
import type { MountConfig, NetworkMode, NetworkOpts } from "./options.ts";

/** What a VM may have of shares, disks and adapters together: each has a slot of its PCI bus. */
export const MAX_DEVICES = LAST_SLOT - FIRST_FREE + 1;
/** Bytes: virtio-fs has no more room for a tag, virtio-blk none for a serial number. */
const MAX_TAG = 36;
const MAX_BLOCK_ID = 20;
const MAX_PROCESSORS = 255;
/** As the shim's own configuration; what this host has is less. */
const MAX_MEMORY_MIB = 1024 * 1024;
/** Less, and the guest does not boot. */
const MIN_MEMORY_MIB = 128;
/** Linux panics above 32 of them, and cuts its command line, which holds more than these, at 2048 bytes. */
const MAX_INIT_ARGS = 24;
const MAX_INIT_BYTES = 1200;

export interface Share {
  readonly kind: "share";
  readonly tag: string;
  readonly hostPath: string;
  readonly readOnly: boolean;
}

export interface Disk {
  readonly kind: "disk";
  readonly id: string;
  readonly hostPath: string;
  readonly readOnly: boolean;
  readonly vmdk: boolean;
}

export type Device = Share | Disk | Nic;

/**
 * What an instance is to have when it starts. All that can be known without looking at this host is checked when it is
 * asked for: invalid-argument, already-exists, resource-exhausted, unimplemented.
 */
export class Configuration {
  processors = 1;
  memoryMiB = 512;
  readonly #devices: Device[] = [];

  /** In the order in which they were asked for, which is the guest's as well. */
  get devices(): readonly Device[] {
    return this.#devices;
  }

  setCPUAndMemory(processors: number, memoryMiB: number): void {
    const refuse = (what: string, least: number, most: number): never => {
      throw invalidArgument(
        `${what} can't be had; cannot configure the VM: use a whole number from ${least} to ${most}`,
      );
    };
    const isWithin = (value: number, least: number, most: number): boolean =>
      Number.isInteger(value) && value >= least && value <= most;
    if (!isWithin(processors, 1, MAX_PROCESSORS)) refuse(`${processors} processors`, 1, MAX_PROCESSORS);
    if (!isWithin(memoryMiB, MIN_MEMORY_MIB, MAX_MEMORY_MIB)) {
      refuse(`${memoryMiB} MiB of memory`, MIN_MEMORY_MIB, MAX_MEMORY_MIB);
    }
    this.processors = processors;
    this.memoryMiB = memoryMiB;
  }

  addFS(tag: string, hostPath: string, { readonly: readOnly = false, vmdk = false }: MountConfig = {}): void {
    const what = `share ${JSON.stringify(tag)}`;
    checkName(what, "its tag", tag, MAX_TAG);
    checkPath(what, hostPath);
    if (vmdk) throw invalidArgument(`${what} is a directory; cannot add it as VMDK: add that as a disk`);
    if (this.#devices.some((each) => each.kind === "share" && each.tag === tag)) throw taken(what, "tag");
    this.#add(what, { kind: "share", tag, hostPath, readOnly });
  }

  addDisk(id: string, hostPath: string, { readonly: readOnly = false, vmdk = false }: MountConfig = {}): void {
    const what = `disk ${JSON.stringify(id)}`;
    checkName(what, "its id", id, MAX_BLOCK_ID);
    checkPath(what, hostPath);
    if (this.#devices.some((each) => each.kind === "disk" && each.id === id)) throw taken(what, "id");
    this.#add(what, { kind: "disk", id, hostPath, readOnly, vmdk });
  }

  addNIC(endpoint: string, macAddress: string, mode: NetworkMode, options: NetworkOpts = {}): void {
    const what = `adapter ${macAddress}`;
    checkPath(what, endpoint);
    const nic = checkNic(endpoint, macAddress, mode, options);
    if (this.#devices.some((each) => each.kind === "nic" && each.macAddress === nic.macAddress)) {
      throw taken(what, "MAC address");
    }
    this.#add(what, nic);
  }

  #add(what: string, device: Device): void {
    if (this.#devices.length >= MAX_DEVICES) {
      throw new ShimError(
        "resource-exhausted",
        `the VM has ${MAX_DEVICES} devices; cannot add ${what}: put layers into one image, or shares into one directory`,
      );
    }
    this.#devices.push(device);
  }
}

/**
 * They go over the kernel's command line, which has no more room, and nothing that a blank could be written with. Throws
 * invalid-argument.
 */
export function checkInitArgs(args: readonly string[]): void {
  const broken = args.find((each) => !/^[\x21\x23-\x7e]+$/.test(each));
  if (broken !== undefined) {
    throw invalidArgument(
      `init argument ${JSON.stringify(broken)} can't be passed on; cannot start the VM: use printable ASCII without blanks and quotation marks`,
    );
  }
  if (args.length <= MAX_INIT_ARGS && args.join(" ").length <= MAX_INIT_BYTES) return;
  throw invalidArgument(
    `init has ${args.length} arguments of ${args.join(" ").length} bytes; cannot start the VM: use at most ${MAX_INIT_ARGS} of ${MAX_INIT_BYTES} bytes`,
  );
}

function checkName(what: string, part: string, name: string, most: number): void {
  if (name !== "" && Buffer.byteLength(name) <= most && /^[\x21-\x7e]+$/.test(name)) return;
  throw invalidArgument(
    `${what} can't be added: ${part} is to have 1 to ${most} printable ASCII characters, no blanks`,
  );
}

function checkPath(what: string, path: string): void {
  if (path.startsWith("/") && !path.includes("\0")) return;
  throw invalidArgument(`${what} is at ${JSON.stringify(path)}; cannot add it: use an absolute path`);
}

function taken(what: string, part: string): ShimError {
  return alreadyExists(`${what} is there already; cannot add another: use a different ${part}`);
}
