import type { Logger } from "../log/logger.ts";

/** What the VMs of a manager are made with. */
export interface ManagerOptions {
  /** Directory of the guest's kernel and root file system (docs/uvm-image.md). */
  readonly image: string;
  /** Paths, or names on PATH. Default: qemu-system-x86_64, /usr/lib/qemu/virtiofsd. */
  readonly qemu?: string;
  readonly virtiofsd?: string;
  /** `auto` (default): KVM where it works, else emulation. */
  readonly accel?: "auto" | "kvm" | "tcg";
  /** Milliseconds that a guest has to connect. Default: 60 000. */
  readonly bootTimeout?: number;
  /** Milliseconds that `startStream` waits for a VM that does not run yet, and for its guest. Default: 60 000. */
  readonly streamTimeout?: number;
  /** Also gets the guests' consoles, by the line, at level debug. Default: none. */
  readonly log?: Logger;
}
