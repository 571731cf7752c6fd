import type { StdioPaths } from "../../stdio/endpoints.ts";
import type { VmConsole } from "../../vmmanager/console.ts";
import type { ContainerPorts } from "../container/ports.ts";
import type { PodVm } from "../pod/vm-slot.ts";
import type { RpcOptions } from "../tasks.ts";

/**
 * What the diagnostic services ask of the layer below; errors as in `Tasks`. Nothing of it keeps a pod: what still runs
 * ends with the VM.
 */
export interface Diagnostics {
  /**
   * Runs a process in the VM, outside any container, and resolves with its exit code: 0-255, or 128 + signal. An abort
   * kills it. Unimplemented where the pod has no machine of its own.
   */
  exec(process: VmProcess, options: RpcOptions): Promise<number>;
  /** Brings a file or directory of this host into the VM, until the VM's end. Again is no error. */
  share(share: VmShare, options: RpcOptions): Promise<void>;
  /** In the order of their creation. */
  tasks(): readonly {
    readonly id: string;
    readonly execs: readonly { readonly id: string; readonly state: string }[];
  }[];
  /** Throws unimplemented where the stack has no console. Ends with the VM, or with what is there. */
  console(wanted: ConsoleWanted, options: RpcOptions): AsyncIterable<Told<string>>;
  /** Each frame of the bridge from now on, whichever VM the pod has. */
  bridge(wanted: BridgeWanted, options: RpcOptions): AsyncIterable<Told<BridgeTold>>;
}

export interface VmProcess extends StdioPaths {
  readonly args: readonly string[];
  /** Empty: the root. */
  readonly workdir: string;
}

export interface VmShare {
  readonly hostPath: string;
  readonly uvmPath: string;
  readonly readOnly: boolean;
}

export interface ConsoleWanted {
  /** At most; 0: all that is kept. */
  readonly lines: number;
  readonly follow: boolean;
}

export interface BridgeWanted {
  readonly bodies: boolean;
  /** With environments, arguments, annotations and the like in full. */
  readonly secrets: boolean;
}

/** One of a series, and how many before it were lost on a reader who was too slow. */
export interface Told<T> {
  readonly item: T;
  readonly lost: number;
}

export interface BridgeTold {
  readonly at: Date;
  readonly direction: "to-guest" | "from-guest";
  readonly type: number;
  readonly name: string;
  readonly id: bigint;
  readonly bytes: number;
  readonly ms?: number;
  readonly body?: string;
}

/** What diagnostics ask of their pod. */
export interface DiagnosedPod {
  readonly id: string;
  readonly namespace: string;
  readonly stack: string;
  readonly ports: Pick<ContainerPorts, "io" | "warn">;
  /** Its running VM. Throws failed-precondition where none runs. */
  vm(verb: string): Pick<PodVm, "guest" | "devices">;
  /** Of the VM there is, running or not; undefined where it has none to show. Throws failed-precondition without a VM. */
  console(): VmConsole | undefined;
  /** Does the work with the VM awake. */
  awake<T>(work: () => Promise<T>): Promise<T>;
  tasks: Diagnostics["tasks"];
}
