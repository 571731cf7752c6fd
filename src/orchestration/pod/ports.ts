import type { BridgeTap } from "../../guestmanager/bridge/tap.ts";
import type { PodGuest } from "../../guestmanager/create-guest.ts";
import type { Spec } from "../../oci/spec.ts";
import type { runHook } from "../../vmmanager/run-hook.ts";
import type { UvmSizing } from "../../vmmanager/sizing.ts";
import type { Stack, UtilityVM, UvmOptions, WindowsUvm } from "../../vmmanager/uvm.ts";
import type { HostHooksOptions } from "../container/host-hooks.ts";
import type { ContainerLimits, ContainerPorts } from "../container/ports.ts";
import type { WindowsHost } from "../container/windows/ports.ts";
import type { PodNetworking } from "../network/pod-network.ts";
import { processLimits } from "../process/ports.ts";
import { type VmHost, type VmLimits, vmLimits } from "../vm/ports.ts";
import type { SavedPart } from "./saved.ts";

export interface PodOptions {
  /** The pod's id: the VM's name. */
  readonly id: string;
  /** containerd's namespace. */
  readonly namespace: string;
  /** Run-time files of the pod, of its VM and of its containers; exists, 0700. */
  readonly stateDirectory: string;
  readonly stack: Stack;
  /** As VmPorts.createGuest, with who may listen in on its bridge. */
  readonly createGuest: (uvm: UtilityVM, tap: BridgeTap) => PodGuest;
  readonly ports: ContainerPorts;
  readonly limits?: Partial<PodLimits>;
  /** The VM's size, from the spec of the pod's first container. Throws invalid-argument for what no VM can be. */
  sizing?(spec: Spec): UvmSizing;
  /** For stacks whose guest is another machine: the OCI hooks are seen to on this host. */
  readonly host?: {
    readonly runHook: typeof runHook;
    readonly account?: HostHooksOptions["account"];
  };
  /** What a Windows host does for the containers of Windows guests. */
  readonly windows?: (uvm: WindowsUvm) => WindowsHost;
  /** What the host does for the pod's network, where its guest is another machine. */
  readonly network?: (pod: NetworkedPod) => PodNetworking<VmHost>;
  /** The `local` stack's runc, as configured; a create's own runtime options go over it, but for the root. */
  readonly runc?: UvmOptions["runc"];
  /** For stack hcs: the pod's `containerd.runhcs.v1.Options` in base64, empty for none; a create's own go over them. */
  readonly runhcs?: string;
  /** What else of the pod goes into a save, by name. */
  readonly savedParts?: Readonly<Record<string, SavedPart>>;
  /** True once the daemon leaves: no more creates. */
  readonly leaving?: () => boolean;
  /** The last container is gone and its VM with it. */
  readonly onIdle?: () => void;
}

export interface NetworkedPod {
  readonly podId: string;
  readonly stateDirectory: string;
  warn(message: string, cause?: unknown): void;
}

export interface RestoreOptions {
  /** What `save` wrote; stays the caller's. */
  readonly directory: string;
  /** Options of the VM that a save does not carry: its cgroup, its network namespace. */
  readonly uvm?: Partial<UvmOptions>;
  /** The saved parts, in the VM that stands still; before its containers are taken. */
  restoreParts?(parts: Readonly<Record<string, unknown>>, host: VmHost): Promise<void>;
}

export interface PodLimits {
  readonly vm: VmLimits;
  readonly container: ContainerLimits;
  /** Each of the two halves of a close, which together have what its signal leaves them. */
  readonly close: number;
  /** See KillLimits. */
  readonly kill: number;
}

export const podLimits: PodLimits = {
  vm: vmLimits,
  close: 1_500,
  kill: 2_000,
  container: { process: processLimits, create: 60_000, request: 10_000, query: 1_500, settle: 10_000 },
};
