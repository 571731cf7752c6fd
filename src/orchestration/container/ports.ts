import type { Guest, WindowsContainerDocument } from "../../guestmanager/guest.ts";
import type { GuestLayers } from "../../guestmanager/layers.ts";
import type { Spec } from "../../oci/spec.ts";
import type { UtilityVM } from "../../vmmanager/uvm.ts";
import type { VmDevices } from "../device/devices.ts";
import type { EventSink, Mount } from "../events.ts";
import type { ProcessIoPorts, ProcessLimits } from "../process/ports.ts";
import type { HostFiles } from "./mount-plan.ts";
import type { WindowsHost, WindowsVm } from "./windows/ports.ts";

/** What a container asks of the running VM that holds it. */
export interface ContainerVm {
  readonly uvm: Pick<UtilityVM, "stack" | "encryptsScratch" | "hostPid" | "guestPath" | "sockets" | "wait">;
  readonly guest: Pick<
    Guest,
    "capabilities" | "createContainer" | "openContainer" | "openProcess" | "deleteContainerState"
  > &
    GuestLayers;
  readonly devices: VmDevices;
  /** Where the guest is Windows: its containers are made by this one. */
  readonly windows?: WindowsGuestVm;
  /**
   * The network namespace in the guest that the container joins (spec: windows.network.networkNamespace, as hcsshim's
   * host has it); undefined: as the spec says.
   */
  readonly networkNamespaceId?: string;
}

/** A Windows guest, whose containers have another document, and the host's part in it. */
export interface WindowsGuestVm {
  readonly guest: WindowsVm["guest"] & Pick<Guest<WindowsContainerDocument>, "createContainer">;
  readonly host: WindowsHost;
}

export interface RootfsPort {
  /** Mounts the list on the target, in order; a failure leaves nothing mounted. */
  mount(mounts: readonly Mount[], target: string): Promise<void>;
  /** Every mount on the target; none is fine. */
  unmount(target: string): Promise<void>;
}

export interface ContainerPorts {
  /** Reads the bundle's config.json (oci/spec). */
  loadSpec(bundle: string): Spec;
  readonly rootfs: RootfsPort;
  readonly files: HostFiles;
  readonly io: ProcessIoPorts;
  readonly events: EventSink;
  warn(message: string, cause?: unknown): void;
  /** What is as it should be, but may surprise. */
  note?(message: string): void;
}

/** Bounds in ms. */
export interface ContainerLimits {
  readonly process: ProcessLimits;
  /** The guest's create. */
  readonly create: number;
  /** Any other single request to the guest. */
  readonly request: number;
  /** Pids and State are asked for with a budget of 2 s (containerd's task.state). */
  readonly query: number;
  /** The other processes' exits, once the init is dead. */
  readonly settle: number;
}
