import type { HostSockets } from "../transport/sockets.ts";
import type { CallOptions, Lifetime } from "./lifetime.ts";
import type { Operation, Resource } from "./support.ts";

export type StackName = "hcs" | "qemu" | "remotevm" | "local";

/** One utility VM, as a stack serves it. Stateless on our side: what it knows, the host knows. */
export interface UtilityVM extends Lifetime {
  readonly id: string;
  readonly stack: StackName;
  readonly os: "linux" | "windows";
  /** Host end of the guest's sockets; listeners may be armed before `start`. */
  readonly sockets: HostSockets;
  supported(resource: Resource, operation: Operation): boolean;
  /**
   * The host pid to report for a process of the guest: that process where it is one of this host's (`local`), else the
   * VM's own process, so that kill(pid, 0) tells the truth about its life.
   */
  hostPid(guestPid: number): number;
  /**
   * The path in the guest of a host path that the guest sees without any device: the same path on `local`, undefined in
   * a VM, where a share or a disk has to bring it.
   */
  guestPath(hostPath: string): string | undefined;
}

export interface UvmOptions {
  readonly id: string;
  /** Directory of this UVM's own run-time files; exists, 0700, and outlives no pod. */
  readonly stateDirectory: string;
  /** The runc binary and flags of the `local` stack; other stacks ignore them. */
  readonly runc?: {
    readonly binary?: string;
    readonly root?: string;
    readonly systemdCgroup?: boolean;
    readonly noPivotRoot?: boolean;
    readonly noNewKeyring?: boolean;
  };
}

/** A virtualization stack: makes UVMs. Only `cmd/` names one. */
export interface Stack {
  readonly name: StackName;
  create(options: UvmOptions, call?: CallOptions): Promise<UtilityVM>;
}
