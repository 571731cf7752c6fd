import type { ContainerStatistics } from "../../guestmanager/guest.ts";
import type { RpcOptions } from "../tasks.ts";

/** What containerd says of a sandbox before it starts. */
export interface CreateSandbox {
  readonly id: string;
  readonly bundle: string;
  /** The pod's network namespace on this host; empty: this host's own. */
  readonly networkNamespace: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** Only CRI's pods have one. */
  readonly config?: SandboxConfig;
}

/** What CRI says of a pod, as far as a shim sees to it. */
export interface SandboxConfig {
  readonly hostname: string;
  readonly dns: {
    readonly servers: readonly string[];
    readonly searches: readonly string[];
    readonly options: readonly string[];
  };
  /** A directory of this host's cgroup hierarchy, or systemd's name of a slice; empty: none. */
  readonly cgroupParent: string;
  readonly sysctls: Readonly<Record<string, string>>;
}

export interface SandboxExit {
  readonly status: number;
  readonly at: Date;
}

/** What a sandbox asks of its pod. */
export interface SandboxPod {
  /**
   * Boots the VM, which then stays when no container is left; `onLost` is called when it ends by itself. A pid of this
   * host that lives as long as it does.
   */
  hold(sandbox: CreateSandbox, onLost: () => void): Promise<{ pid: number }>;
  /** The processor time, memory and so on that it costs on this host; where it has no VM, that of its containers. */
  metrics(options: RpcOptions): Promise<ContainerStatistics>;
  /** Ends the containers and the VM; never rejects, bounded. No container is created any more. */
  letGo(): Promise<void>;
}

/** What the sandbox service asks of the layer below; errors as in `Tasks`. */
export interface Sandboxes {
  create(request: CreateSandbox): void;
  start(id: string, options: RpcOptions): Promise<{ pid: number; createdAt: Date }>;
  stop(id: string, options: RpcOptions): Promise<void>;
  wait(id: string, options: RpcOptions): Promise<SandboxExit>;
  status(id: string): SandboxStatus;
  ping(id: string): void;
  metrics(id: string, options: RpcOptions): Promise<ContainerStatistics>;
  shutdown(id: string, options: RpcOptions): Promise<void>;
}

export interface SandboxStatus {
  readonly ready: boolean;
  /** 0 before the start. */
  readonly pid: number;
  /** The controller's own name for where it is. */
  readonly state: string;
  readonly networkNamespace: string;
  readonly createdAt: Date;
  readonly exitedAt?: Date;
}
