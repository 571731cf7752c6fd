import { invalidArgument } from "../../errors/shim-error.ts";
import type { SpecMount } from "../../oci/spec.ts";
import type { ScsiRequest } from "../device/scsi/ports.ts";
import type { PathKind } from "./rootfs-plan.ts";

/** hcsshim's prefixes of a bind's source that is the guest's own: of the pod's directory there, or anywhere in it. */
const GUEST_SOURCES = ["sandbox://", "sandbox-tmp://", "uvm://"];
const HUGE_PAGES = "hugepages://";
/** Of a destination: the container gets the block device, not what is on it. */
const BLOCK_DEVICE = "blockdev://";
const EXTENSIBLE = "evd://";

/** What a bind of the container takes of the options; the rest is the disk's file system's. */
const OF_THE_BIND = /^(ro|rw|r?bind|r?(private|shared|slave|unbindable)|loop)$/i;

/** True for a bind whose source the guest finds by itself. Throws invalid-argument for huge pages that it cannot have. */
export function isGuestSource(source: string, destination: string): boolean {
  if (!source.startsWith(HUGE_PAGES)) return GUEST_SOURCES.some((prefix) => source.startsWith(prefix));
  const [size = "", ...location] = source.slice(HUGE_PAGES.length).split("/");
  if (location.length === 0) {
    throw invalidArgument(`mount on ${destination}: ${source} is not ${HUGE_PAGES}SIZE/LOCATION`);
  }
  if (size !== "2M") throw invalidArgument(`mount on ${destination}: huge pages of ${size} are not supported: use 2M`);
  return true;
}

/** What is asked of the host's file system (mount-plan's HostFiles). */
interface DiskFiles {
  kindOf(path: string): PathKind;
  resolve?(path: string): string;
}

export interface UvmDisk {
  readonly request: ScsiRequest;
  readonly isBlockDevice: boolean;
}

/** Windows' names of devices: they are no files, and no links. */
const DEVICE = "\\\\.\\";

/** Links resolved, as hcsshim does: one image by two names is one disk. Undefined where there is none. */
function realPath(source: string, { kindOf, resolve }: DiskFiles): string | undefined {
  if (source.startsWith(DEVICE)) return source;
  if (source === "" || kindOf(source) === "missing") return undefined;
  return resolve?.(source) ?? source;
}

/** A mount of hcsshim's types for disks; undefined for any other. */
export function uvmDisk(mount: SpecMount, files: DiskFiles): UvmDisk | undefined {
  const { type, source = "", destination, options = [] } = mount;
  const isBlockDevice = destination.startsWith(BLOCK_DEVICE);
  const disk = {
    readOnly: options.some((option) => option.toLowerCase() === "ro"),
    // The file system is the guest's to find.
    ...(isBlockDevice ? {} : { fileSystem: "", options: options.filter((option) => !OF_THE_BIND.test(option)) }),
  };
  switch (type) {
    case "virtual-disk":
    case "physical-disk": {
      const hostPath = realPath(source, files);
      if (hostPath === undefined) {
        throw invalidArgument(`mount on ${destination}: ${type} ${source} does not exist; cannot attach it`);
      }
      const diskType = type === "virtual-disk" ? "VirtualDisk" : "PassThru";
      return { request: { ...disk, hostPath, type: diskType, access: "individual" }, isBlockDevice };
    }
    case "extensible-virtual-disk": {
      const [, provider, path] = /^evd:\/\/([^/]+)\/(.*)$/.exec(source) ?? [];
      if (provider === undefined || path === undefined) {
        throw invalidArgument(`mount on ${destination}: ${source} is not ${EXTENSIBLE}TYPE/PATH`);
      }
      const extensible = { type: "ExtensibleVirtualDisk", extensibleDiskType: provider } as const;
      // Its provider opens it, not the VM.
      return { request: { ...disk, hostPath: path, ...extensible, access: "none" }, isBlockDevice };
    }
    default:
      return undefined;
  }
}

/** The disk's mount as the guest's runtime gets it: a bind of what is at `guestPath` (a link to the device, or its mount). */
export function uvmDiskMount(mount: SpecMount, { request, isBlockDevice }: UvmDisk, guestPath: string): SpecMount {
  const type = isBlockDevice ? "bind" : "none";
  return { ...mount, type, source: guestPath, options: ["rbind", request.readOnly ? "ro" : "rw"] };
}
