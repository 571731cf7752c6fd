import type { Options as RunhcsOptions } from "../generated/containerd/runhcs/v1.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import type { HostSockets } from "../transport/sockets.ts";
import type { VmConsole } from "./console.ts";
import type { CallOptions, Lifetime } from "./lifetime.ts";
import type { NetworkManager } from "./network.ts";
import type { LcowDebug } from "./options/vm-request.ts";
import type { VmSpec } from "./options/windows-resources.ts";
import type { PciManager } from "./pci.ts";
import type { PipeManager } from "./pipe.ts";
import type { Plan9Manager } from "./plan9.ts";
import type { ProcessorManager } from "./processor.ts";
import type { PropertyManager } from "./properties.ts";
import type { ScsiManager } from "./scsi.ts";
import type { SizeManager, UvmSizing } from "./sizing.ts";
import type { Operation, Resource } from "./support.ts";
import type { VmSocketManager } from "./vm-socket.ts";
import type { VpmemManager } from "./vpmem.ts";
import type { VsmbManager } from "./vsmb.ts";

export type StackName = "hcs" | "qemu" | "remotevm" | "local";

/** What can be changed in a UVM while it runs. */
export interface DeviceManagers
  extends ScsiManager,
    VpmemManager,
    NetworkManager,
    PciManager,
    Plan9Manager,
    VsmbManager,
    PipeManager,
    VmSocketManager,
    ProcessorManager,
    SizeManager {}

/** A connection of the guest that a restored UVM came back with. */
export interface RestoredConnection {
  /** The host's port that the guest had dialled. */
  readonly port: number;
  readonly stream: ByteStream;
}

/** What a confidential guest holds its host to. Each base64; empty: none. */
export interface SecurityPolicy {
  /** By name; empty: the guest's own. */
  readonly enforcer: string;
  readonly policy: string;
  /** Signed measurements of the VM's own files. */
  readonly reference: string;
  readonly hashEnvelope: string;
}

/** One utility VM, as a stack serves it. Stateless on our side: what it knows, the host knows. */
export interface UtilityVM extends Lifetime, PropertyManager, DeviceManagers {
  readonly id: string;
  readonly stack: StackName;
  readonly os: "linux" | "windows";
  /** What a container writes, its scratch disk, is to be encrypted by the guest. Default: false. */
  readonly encryptsScratch?: boolean;
  /** Of a Windows guest. */
  readonly windowsGuest?: WindowsUvm;
  /** Host end of the guest's sockets; listeners may be armed before `start`. */
  readonly sockets: HostSockets;
  /** Of a restored UVM, until `resume`: who had them takes them; those that nobody takes are destroyed. */
  readonly restored: readonly RestoredConnection[];
  /** Its guest was booted for others too: before all else it is to be told the time and given randomness of its own. */
  readonly fromTemplate?: boolean;
  /** Undefined where the stack has none to show. */
  readonly console?: VmConsole;
  /** The guest is told it once it is connected, before all else. */
  readonly securityPolicy?: SecurityPolicy;
  /** True exactly where the call works. */
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

/** What a Windows guest is told, and its containers' documents follow from. */
export interface WindowsUvm {
  /** How its sockets are addressed. */
  readonly runtimeId: string;
  readonly processors: number;
  /** In the guest; empty: no dumps of processes. */
  readonly dumpLocation: string;
  /** Limits of containers were reckoned by the host's processors, and are to hold by the VM's. */
  readonly scaleLimit: boolean;
  /** False: UTC. */
  readonly inheritTimezone: boolean;
  /** Undefined: its logs stay there. `sources` empty: its own. */
  readonly logs?: { readonly sources: string };
}

export interface UvmOptions {
  readonly id: string;
  /** Directory of this UVM's own run-time files; exists, 0700, and outlives no pod. */
  readonly stateDirectory: string;
  /** Undefined: as the stack is configured. */
  readonly sizing?: UvmSizing;
  /** Directory shares are to be expected from the first container on: a stack may boot with what carries them. */
  readonly shares?: boolean;
  /** Cgroup that the VM's own processes join, as OCI's cgroupsPath of the pod names it (cgroupfs form). */
  readonly cgroup?: string;
  /** What the VM's own processes are worth to this host's OOM killer, -1000 to 1000 (proc(5)). Undefined: 0. */
  readonly oomScoreAdj?: number;
  /**
   * Path of the network namespace that the VM's own processes run in, so that /proc/<hostPid>/ns/net is the pod's to
   * whoever looks (CNI by OCI hooks, `nerdctl inspect`). Undefined: this host's.
   */
  readonly networkNamespace?: string;
  /** What the document of a VM of stack `hcs` follows from, by hcsshim's rules; other stacks ignore it. */
  readonly runhcs?: {
    readonly spec: VmSpec;
    readonly options: RunhcsOptions;
    readonly debug?: LcowDebug;
    /** JSON that is merged into the document, last. */
    readonly additionalDocument?: string;
  };
  /** What the pod's annotations say of the service that is to make its VM; stacks other than `remotevm` ignore it. */
  readonly vmService?: { readonly source?: string; readonly address?: string; readonly path?: string };
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
  /**
   * A UVM from what `save` wrote, paused: `resume` lets it go on. Its `restored` connections are to be taken, and its
   * ports listened on, before that. The directory stays the caller's. Unimplemented where `supported("lifetime",
   * "restore")` is false.
   */
  restore(options: UvmOptions, saved: SavedUvm, call?: CallOptions): Promise<UtilityVM>;
}

export interface SavedUvm {
  /** As `save` wrote it. */
  readonly directory: string;
  /** By the id of each network adapter that the UVM had: its tap or socket, opened again; given up whatever comes. */
  readonly adapterFds?: ReadonlyMap<string, number>;
  /**
   * The disks of this host that it gets, by the host paths that were saved. Given, the state may have come from elsewhere:
   * one that names another disk, or anything else of a host's, is refused (data-loss).
   */
  readonly disks?: ReadonlyMap<string, string>;
}
