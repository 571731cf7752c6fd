/** How a device is brought about and taken away; each one call of the host or the guest, with its own deadline. */
export interface DeviceSteps {
  map(): Promise<void>;
  /** What is not there any more counts as unmapped (not-found, unavailable). */
  unmap(): Promise<void>;
}

/** Bounds in ms. */
export interface DeviceLimits {
  /** One call of the host. */
  readonly host: number;
  /** One request to the guest, the wait for the device's appearance included. */
  readonly guest: number;
}

export const deviceLimits: DeviceLimits = { host: 10_000, guest: 20_000 };
