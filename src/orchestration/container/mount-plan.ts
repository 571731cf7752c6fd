import { invalidArgument, unimplemented } from "../../errors/shim-error.ts";
import type { SpecMount } from "../../oci/spec.ts";
import { type DiskMount, diskOf, type PathKind } from "./rootfs-plan.ts";
import { isSocketMount, socketBind } from "./socket-mount.ts";
import { isGuestSource, type UvmDisk, uvmDisk, uvmDiskMount } from "./uvm-mounts.ts";

/** What is asked of the host's file system. */
export interface HostFiles {
  /** Symbolic links followed. */
  kindOf(path: string): PathKind;
  /** Bytes of the tmpfs that holds the path; undefined where another file system does. */
  tmpfsSize(path: string): number | undefined;
  /** Symbolic links resolved: a container that shares its pod's scratch disk has a link to it. Throws not-found. */
  resolve?(path: string): string;
}

/** How one of the spec's mounts comes into a VM. */
export type MountPlan =
  /** The guest does it by itself, or its own file is meant. */
  | { readonly kind: "keep"; readonly mount: SpecMount }
  | {
      readonly kind: "share";
      readonly mount: SpecMount;
      readonly hostPath: string;
      readonly readOnly: boolean;
      readonly isFile: boolean;
    }
  | { readonly kind: "disk"; readonly mount: SpecMount; readonly disk: DiskMount }
  | ({ readonly kind: "uvm-disk"; readonly mount: SpecMount } & UvmDisk)
  | { readonly kind: "shm"; readonly mount: SpecMount; readonly hostPath: string; readonly bytes: number }
  /** The guest has a socket of its own that leads to the host's. */
  | { readonly kind: "socket"; readonly mount: SpecMount; readonly hostPath: string };

/** Of the kernel alone: the guest's does what the host's would. */
const KERNEL = new Set([
  ...["proc", "sysfs", "tmpfs", "ramfs", "devtmpfs", "devpts", "mqueue", "cgroup", "cgroup2", "hugetlbfs", "bpf"],
  ...["debugfs", "tracefs", "securityfs", "configfs", "fusectl", "binfmt_misc"],
]);
/** The kernel's views of this host: the guest has its own, and the host's would be wrong in it. */
const KERNEL_TREES = ["/proc", "/sys", "/dev"];
/** What is mounted later on the host does not come into the VM, nor the other way round. */
const PROPAGATION = ["shared", "rshared", "slave", "rslave"];

/** Throws invalid-argument or unimplemented, naming the mount, for one that cannot be brought into a VM. */
export function planMount(mount: SpecMount, files: HostFiles): MountPlan {
  const { destination, type = "", source = "", options = [] } = mount;
  const subject = `mount on ${destination}`;
  const typed = uvmDisk(mount, files);
  if (typed !== undefined) return { kind: "uvm-disk", mount, ...typed };
  if (type === "bind" || options.includes("bind") || options.includes("rbind") || (type === "" && source !== "")) {
    return planBind(mount, source, options, files);
  }
  if (isSocketMount(mount)) {
    if (files.kindOf(source) === "socket") return { kind: "socket", mount: socketBind(mount), hostPath: source };
    throw invalidArgument(`${subject}: ${source} is not a socket; cannot forward it`);
  }
  if (KERNEL.has(type)) return { kind: "keep", mount };
  const disk = diskOf({ type, source, target: "", options }, files.kindOf);
  if (disk !== undefined) return { kind: "disk", mount, disk };
  throw invalidArgument(
    `${subject}: type ${type === "" ? "(none)" : type} from ${source} cannot be brought into a VM: mount it on the host and bind it`,
  );
}

function planBind(mount: SpecMount, source: string, options: readonly string[], files: HostFiles): MountPlan {
  const { destination } = mount;
  const subject = `mount on ${destination}: ${source}`;
  if (isGuestSource(source, destination)) return { kind: "keep", mount };
  const kind = files.kindOf(source);
  const bytes = destination === "/dev/shm" && kind === "directory" ? files.tmpfsSize(source) : undefined;
  if (bytes !== undefined) return { kind: "shm", mount, hostPath: source, bytes };
  switch (kind) {
    case "missing":
      throw invalidArgument(`${subject} does not exist; cannot bind it`);
    case "socket":
      return { kind: "socket", mount, hostPath: source };
    case "fifo":
      throw unimplemented(
        `${subject} is a ${kind}; cannot bind it into a VM: its other end is on the host, where the guest's kernel cannot reach it`,
      );
    case "block-device":
      throw unimplemented(
        `${subject} is a block device; cannot bind it into a VM: mount it by the type of its file system`,
      );
    case "character-device":
      return { kind: "keep", mount };
    case "directory":
    case "file":
      break;
  }
  if (KERNEL_TREES.some((tree) => source === tree || source.startsWith(`${tree}/`))) return { kind: "keep", mount };
  const readOnly = options.includes("ro") || options.includes("rro");
  return { kind: "share", mount, hostPath: source, readOnly, isFile: kind === "file" };
}

/** The mount as the guest's runtime gets it, once what it needs is at `guestPath`. */
export function guestMount(plan: MountPlan, guestPath: string): SpecMount {
  if (plan.kind === "keep") return withoutPropagation(plan.mount);
  const { mount } = plan;
  if (plan.kind === "uvm-disk") return uvmDiskMount(mount, plan, guestPath);
  if (plan.kind !== "disk") return { ...withoutPropagation(mount), type: "bind", source: guestPath };
  // The file system's own options went with the disk.
  return { ...mount, type: "bind", source: guestPath, options: ["rbind", plan.disk.readOnly ? "ro" : "rw"] };
}

function withoutPropagation(mount: SpecMount): SpecMount {
  const { options } = mount;
  if (!options?.some((option) => PROPAGATION.includes(option))) return mount;
  return { ...mount, options: options.filter((option) => !PROPAGATION.includes(option)) };
}
