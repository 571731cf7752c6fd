import type { ScsiDisk } from "../vmmanager/scsi.ts";
import type { UvmSizing } from "../vmmanager/sizing.ts";

/** Where an adapter's tap comes from: opened by its name, or a descriptor that a client registered. */
export type TapSource = { readonly kind: "name" | "fd-name"; readonly name: string };

export interface AdapterPlan {
  readonly id: string;
  /** With colons. */
  readonly macAddress: string;
  readonly tap: TapSource;
}

/** A unix socket that the server listens on, or connects to. */
export interface RelayPlan {
  readonly path: string;
  readonly connect: boolean;
}

/** What stands behind a PCIe port; `root` and `vsock` from the VM's creation on and for its life. */
export type Attachment =
  | { readonly kind: "root"; readonly hostPath: string }
  | { readonly kind: "vsock"; readonly path: string }
  | { readonly kind: "adapter"; readonly adapter: AdapterPlan }
  | { readonly kind: "pci"; readonly address: string };

/** A name to attach by: where the device stands in the guest is the stack's own choice. */
export interface PortPlan {
  readonly name: string;
  readonly hotplug: boolean;
  readonly attached?: Attachment;
}

/** A VMConfig as this server makes it: all that it was asked for is in here, what can't be was refused. */
export interface VmPlan {
  readonly boot: {
    readonly kernel: string;
    readonly initrd?: string;
    /** A read-only disk that is the guest's /dev/vda. */
    readonly root?: string;
    readonly arguments: readonly string[];
  };
  readonly sizing: UvmSizing;
  readonly disks: readonly ScsiDisk[];
  /** Read-only images, on devices 0, 1... */
  readonly vpmem: readonly string[];
  readonly adapters: readonly AdapterPlan[];
  readonly serial?: RelayPlan;
  /** The guest's by virtio-fs, from its boot on. */
  readonly directory?: { readonly tag: string; readonly path: string };
  /** Of the guest's sockets (hybrid vsock). */
  readonly vsock?: VsockPlan;
  readonly ports: readonly PortPlan[];
}

export interface VsockPlan {
  readonly path: string;
  /**
   * The one port that the guest was told to dial (`uvm.vsock` of its kernel's arguments, docs/guest-channel.md), over
   * which it names the port that it means. Undefined: each dial goes to the socket of its own port.
   */
  readonly greetedPort?: number;
}
