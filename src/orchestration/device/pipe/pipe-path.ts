import { VSMB_SHARES } from "../vsmb/share-path.ts";

export const PIPE_PREFIX = "\\\\.\\pipe\\";
const UVM_PREFIX = "uvm://";

/** hcsshim's IsPipe: a named pipe of the host, or with uvm:// before it of the VM. */
export function isPipe(path: string): boolean {
  return path.slice(path.startsWith(UVM_PREFIX) ? UVM_PREFIX.length : 0).startsWith(PIPE_PREFIX);
}

/** Where a Windows guest has a pipe of the host. */
export function pipeGuestPath(hostPath: string): string {
  return `${VSMB_SHARES}IPC$\\${hostPath.slice(PIPE_PREFIX.length)}`;
}

export interface ContainerPipe {
  /** HCS's MappedPipe HostPath, from where the container runs. */
  readonly source: string;
  /** HCS's ContainerPipeName. */
  readonly containerPath: string;
  /** The VM's own pipe: nothing of the host has to be brought. */
  readonly isUvmPipe: boolean;
}

/**
 * hcsshim's GetContainerPipeMapping: how a container's mount of a pipe is told to HCS; undefined for a mount that is none.
 * `vmId`: of the VM that it runs in; undefined: on the host itself. `podID@vm` names its own pipes by the pod's id.
 */
export function containerPipeMapping(
  mount: { readonly source: string; readonly destination: string },
  vmId: string | undefined,
): ContainerPipe | undefined {
  const { source, destination } = mount;
  if (!destination.startsWith(PIPE_PREFIX) || !isPipe(source)) return undefined;
  const containerPath = destination.slice(PIPE_PREFIX.length);
  if (!source.startsWith(UVM_PREFIX)) {
    return { source: vmId === undefined ? source : pipeGuestPath(source), containerPath, isUvmPipe: false };
  }
  if (vmId === undefined) return undefined;
  const name = source.slice(UVM_PREFIX.length + PIPE_PREFIX.length);
  return { source: `${PIPE_PREFIX}${vmId.replace(/@vm$/, "")}\\${name}`, containerPath, isUvmPipe: true };
}
