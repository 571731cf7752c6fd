import { type Mapping, reserveMapping } from "./mapping.ts";
import type { DeviceSteps } from "./ports.ts";
import { SharedDevice } from "./shared-device.ts";

/** A device that is not there yet, and how it comes. */
export interface NewDevice {
  /** For messages. */
  readonly what: string;
  readonly guestPath: string;
  readonly steps: DeviceSteps;
}

/** The devices of one kind in one VM, each once for all who ask for the same. */
export class KeyedDevices {
  readonly #present = new Map<string, { readonly device: SharedDevice; readonly place: NewDevice }>();
  /** On their way out, with their keys. */
  readonly #leaving = new Map<SharedDevice, string>();
  #held = 0;

  /** For reports, saves and tests: those that are not gone. */
  get held(): number {
    return this.#held;
  }

  /** Where it is in the guest, for who did not reserve it himself. */
  guestPathOf(key: string): string | undefined {
    return this.#present.get(key)?.place.guestPath;
  }

  /** Bookkeeping only. `make` is called where nobody holds it; `before`: resolves once those before it are out. */
  reserve(key: string, make: (before: () => Promise<void>) => NewDevice): Mapping {
    const { device, place } = this.#present.get(key) ?? this.#add(key, make);
    return reserveMapping(device, { what: place.what, guestPath: place.guestPath });
  }

  #add(key: string, make: (before: () => Promise<void>) => NewDevice) {
    const before = [...this.#leaving].filter(([, of]) => of === key);
    const place = make(async () => {
      for (const [earlier] of before) await earlier.cleared();
    });
    const device = new SharedDevice(place.what, place.steps, {
      onLeave: () => {
        if (this.#present.get(key)?.device !== device) return;
        this.#present.delete(key);
        this.#leaving.set(device, key);
      },
      onGone: () => {
        this.#held -= 1;
        this.#leaving.delete(device);
      },
    });
    const entry = { device, place };
    this.#held += 1;
    this.#present.set(key, entry);
    return entry;
  }
}
