import { failedPrecondition } from "../../errors/shim-error.ts";
import { isGone } from "../release-list.ts";
import { Machine } from "../state-table.ts";
import type { DeviceSteps } from "./ports.ts";
import { type DeviceState, deviceStates } from "./state.ts";

/** One holder's claim on a device. */
export interface Reservation {
  readonly device: SharedDevice;
}

/**
 * Something of a VM that several may hold: mapped for the first who asks, unmapped with the last reservation. It may
 * stand on another one (a mount on its disk), which it then holds itself. No lock: while the host or the guest is
 * asked, the state says so, and others wait for that one attempt.
 */
export class SharedDevice {
  readonly #machine: Machine<typeof deviceStates, DeviceState>;
  readonly #steps: DeviceSteps;
  readonly #below: Reservation | undefined;
  readonly #onLeave: () => void;
  readonly #onGone: () => void;
  readonly #reservations = new Set<Reservation>();
  /** Its last holder has begun to give it back. */
  #isLeaving = false;
  #work: Promise<void> = Promise.resolve();

  /** `onLeave`: the last reservation is being given back; nobody may join any more. May be told again. */
  constructor(
    id: string,
    steps: DeviceSteps,
    options: {
      readonly below?: Reservation;
      readonly onLeave?: () => void;
      readonly onGone?: () => void;
      /** Of a restored VM: whether it is there. */
      readonly isMapped?: boolean;
    } = {},
  ) {
    const name = options.isMapped === undefined ? "reserved" : options.isMapped ? "mapped" : "uncertain";
    this.#machine = new Machine<typeof deviceStates, DeviceState>(deviceStates, id, { name });
    this.#steps = steps;
    this.#below = options.below;
    this.#onLeave = options.onLeave ?? (() => {});
    this.#onGone = options.onGone ?? (() => {});
  }

  get state(): DeviceState["name"] {
    return this.#machine.state.name;
  }

  /** Pure bookkeeping. */
  reserve(): Reservation {
    if (this.#machine.is("unmapping", "gone")) throw this.#machine.refusal("reserve");
    const reservation: Reservation = { device: this };
    this.#reservations.add(reservation);
    return reservation;
  }

  /** Resolves once it is there. After a failure it may be tried again. */
  async map(reservation: Reservation): Promise<void> {
    if (!this.#reservations.has(reservation)) {
      throw failedPrecondition(`device ${this.#machine.id} is not reserved by its caller; cannot map it`);
    }
    // Others have a new one of the same by now, or will; two of it must not be mapped.
    if (this.#isLeaving) {
      throw failedPrecondition(`device ${this.#machine.id} is being given back; cannot map it: reserve it anew`);
    }
    if (this.#machine.is("mapped")) return;
    if (!this.#machine.is("mapping")) {
      const again = this.#machine.is("uncertain");
      this.#machine.begin("map", { name: "mapping" });
      this.#work = this.#map(again);
    }
    await this.#work;
  }

  /** Gives the reservation back, and with the last one the device. After a failure it goes on where it stopped. */
  async unmap(reservation: Reservation): Promise<void> {
    if (this.#reservations.size > 1 || !this.#reservations.has(reservation)) {
      this.#reservations.delete(reservation);
    } else {
      await this.#leave();
      this.#reservations.delete(reservation);
    }
    if (this.#reservations.size === 0 && this.#below) await this.#below.device.unmap(this.#below);
  }

  /** Resolves when nothing is being done to it. */
  async settled(): Promise<void> {
    while (this.#machine.is("mapping", "unmapping")) await this.#work.catch(() => {});
  }

  /** Of one that its last holder has given up: resolves when it is gone. A removal that failed is tried again. */
  async cleared(): Promise<void> {
    await this.settled();
    if (!this.#machine.is("gone")) await this.#leave();
  }

  async #map(again: boolean): Promise<void> {
    try {
      if (this.#below) await this.#below.device.map(this.#below);
      if (again) await this.#steps.unmap().catch(ignoreGone);
      await this.#steps.map();
    } catch (cause) {
      this.#machine.transition("mapFailed", { name: "uncertain" });
      throw cause;
    }
    this.#machine.transition("mapped", { name: "mapped" });
  }

  async #leave(): Promise<void> {
    this.#isLeaving = true;
    this.#onLeave();
    // Two may wait for the same attempt; the second goes on only where that one failed.
    do await this.settled();
    while (this.#machine.is("mapping", "unmapping"));
    if (this.#machine.is("gone")) return;
    if (this.#machine.is("reserved")) {
      this.#machine.transition("unmap", { name: "gone" });
      return this.#onGone();
    }
    this.#machine.begin("unmap", { name: "unmapping" });
    this.#work = this.#steps.unmap().catch(ignoreGone);
    try {
      await this.#work;
    } catch (cause) {
      this.#machine.transition("unmapFailed", { name: "uncertain" });
      throw cause;
    }
    this.#machine.transition("unmapped", { name: "gone" });
    this.#onGone();
  }
}

function ignoreGone(cause: unknown): void {
  if (!isGone(cause)) throw cause;
}
