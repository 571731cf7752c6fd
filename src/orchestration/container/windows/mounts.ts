import { win32 } from "node:path";
import { invalidArgument, unimplemented } from "../../../errors/shim-error.ts";
import type { Spec, SpecMount } from "../../../oci/spec.ts";
import { containerPipeMapping, isPipe } from "../../device/pipe/pipe-path.ts";
import type { ScsiRequest } from "../../device/scsi/ports.ts";
import type { HostFiles } from "../mount-plan.ts";
import { uvmDisk } from "../uvm-mounts.ts";

/** How one of a Windows container's mounts comes into its VM, and where the container has it. */
export type WindowsMountPlan = { readonly containerPath: string } & (
  | { readonly kind: "share"; readonly hostPath: string; readonly readOnly: boolean }
  | { readonly kind: "disk"; readonly request: ScsiRequest }
  /** `source`: the pipe in the VM. Without a `hostPath` it is the VM's own. */
  | { readonly kind: "pipe"; readonly source: string; readonly hostPath?: string }
  /** A directory of the VM, made where it is not there: for all containers of the pod. */
  | { readonly kind: "sandbox"; readonly vmPath: string; readonly readOnly: boolean }
);

const SANDBOX = "sandbox://";
const SANDBOX_ROOT = "C:\\SandboxMounts";
/** What cmd reads as its own: the directory is made by a command line. */
const OF_CMD = /["&|<>^%!()\r\n]/;

/** hcsshim's rules (setupMounts). `vmId`: whose pipes. Throws, naming the mount, for one that cannot be. */
export function planWindowsMounts({ mounts = [] }: Spec, vmId: string, files: HostFiles): readonly WindowsMountPlan[] {
  return mounts.map((mount) => planMount(mount, vmId, files));
}

function planMount(mount: SpecMount, vmId: string, files: HostFiles): WindowsMountPlan {
  const { source = "", destination: containerPath, type = "", options = [] } = mount;
  if (source === "" || containerPath === "") {
    throw invalidArgument(`mount of ${source || "nothing"} on ${containerPath || "nowhere"}: give both`);
  }
  const subject = `mount of ${source} on ${containerPath}`;
  const readOnly = options.some((option) => option.toLowerCase() === "ro");
  const disk = uvmDisk(mount, files);
  if (disk?.isBlockDevice) throw unimplemented(`${subject}: a Windows guest has no block devices to give`);
  // No options of a file system: the guest mounts what it finds.
  if (disk) return { kind: "disk", containerPath, request: { ...disk.request, fileSystem: "", options: [] } };
  if (type !== "") throw invalidArgument(`${subject}: type ${type} is not supported for WCOW`);
  if (source.startsWith(SANDBOX)) return { kind: "sandbox", containerPath, readOnly, vmPath: sandboxPath(source) };
  const pipe = containerPipeMapping({ source, destination: containerPath }, vmId);
  if (pipe !== undefined) {
    const { containerPath: name, isUvmPipe } = pipe;
    return { kind: "pipe", containerPath: name, source: pipe.source, ...(!isUvmPipe && { hostPath: source }) };
  }
  if (isPipe(source)) throw invalidArgument(`${subject}: a pipe is one in the container, too: \\\\.\\pipe\\NAME`);
  if (source.startsWith("uvm://")) throw unimplemented(`${subject}: only pipes of the VM itself can be mounted`);
  return { kind: "share", containerPath, hostPath: source, readOnly };
}

/** Below the directory of such mounts: hcsshim's would lead out of it by "..". */
function sandboxPath(source: string): string {
  const path = win32.join(SANDBOX_ROOT, source.slice(SANDBOX.length));
  if (path.startsWith(`${SANDBOX_ROOT}\\`) && !OF_CMD.test(path)) return path;
  throw invalidArgument(`${source} is no directory below ${SANDBOX_ROOT}`);
}
