import { flag, nothing, object, optional, type Reader, text, wide } from "./shape.ts";

const device = object({ device: ["device", optional(text)], path: ["path", text] });
const cause = object({ guest: ["guest", flag], reason: ["reason", text] });

/** How each event that we know is read (reference: QEMU 7.2, "QEMU QMP Reference Manual"). Others are ignored. */
export const events = {
  STOP: nothing,
  RESUME: nothing,
  POWERDOWN: nothing,
  /** Reason: guest-shutdown, guest-reset (with -no-reboot), guest-panic, host-qmp-quit, host-signal... */
  SHUTDOWN: cause,
  RESET: cause,
  /** Action: pause, poweroff, run. Needs a pvpanic device, and its driver in the guest. */
  GUEST_PANICKED: object({ action: ["action", text] }),
  /** The guest has let go of the device; without `device` for one that had no id (a part of another). */
  DEVICE_DELETED: device,
  DEVICE_UNPLUG_GUEST_ERROR: device,
  /** Status: setup, active, completed, failed, cancelling, cancelled... Only with the capability "events". */
  MIGRATION: object({ status: ["status", text] }),
  /** Bytes that the guest has now. */
  BALLOON_CHANGE: object({ actual: ["actual", wide] }),
  /** virtio-mem has grown or shrunk; bytes. */
  MEMORY_DEVICE_SIZE_CHANGE: object({ id: ["id", optional(text)], size: ["size", wide] }),
  /** The guest opened or closed a virtio-serial port. */
  VSERPORT_CHANGE: object({ id: ["id", text], open: ["open", flag] }),
  BLOCK_IO_ERROR: object({
    nodeName: ["node-name", optional(text)],
    operation: ["operation", text],
    action: ["action", text],
    reason: ["reason", optional(text)],
  }),
} as const satisfies Readonly<Record<string, Reader<unknown>>>;

export type QmpEventName = keyof typeof events;
export type QmpEventData<N extends QmpEventName> = ReturnType<(typeof events)[N]>;

export function isKnownEvent(name: string): name is QmpEventName {
  return Object.hasOwn(events, name);
}
