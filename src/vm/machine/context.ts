import type { DeviceSettings } from "../../vmmanager/stacks/qemu/devices/context.ts";
import type { QemuMonitor } from "../../vmmanager/stacks/qemu/monitor.ts";

/** What the devices of one VM are attached with, before its first instruction. */
export interface AttachContext {
  readonly monitor: QemuMonitor;
  readonly settings: DeviceSettings;
  /** Directory of this VM's own run-time files. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

export const pciAddress = (slot: number): { bus: string; addr: string } => ({
  bus: "pci.0",
  addr: `0x${slot.toString(16)}`,
});
