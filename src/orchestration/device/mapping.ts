import type { SharedDevice } from "./shared-device.ts";

/** A reserved device, as its holder sees it. */
export interface Mapping {
  /** For messages. */
  readonly what: string;
  /** Where it is in the guest once it is mapped. */
  readonly guestPath: string;
  /** Resolves once it is there; after a failure it may be tried again. */
  map(): Promise<void>;
  /** In any state; after a failure it goes on where it stopped, after a success it does nothing. */
  unmap(): Promise<void>;
}

/** One more claim on the device. */
export function reserveMapping(device: SharedDevice, place: Pick<Mapping, "what" | "guestPath">): Mapping {
  const reservation = device.reserve();
  return { ...place, map: () => device.map(reservation), unmap: () => device.unmap(reservation) };
}
