import { failedPrecondition, ShimError } from "../../../errors/shim-error.ts";
import { unlessAborted } from "../../../errors/unless-aborted.ts";
import { within } from "../../../errors/within.ts";
import type { Logger } from "../../../log/logger.ts";
import type { HostSockets } from "../../../transport/sockets.ts";
import type { CallOptions, SaveOptions, VMExit } from "../../lifetime.ts";
import type { UvmProperties, UvmStatistics } from "../../properties.ts";
import { notSupported, type Operation, type Resource } from "../../support.ts";
import type { SecurityPolicy, UtilityVM, WindowsUvm } from "../../uvm.ts";
import { isAlreadyGone } from "./computecore/hcs-error.ts";
import { type HcsDeviceParts, HcsDevices } from "./hcs-devices.ts";
import { BASIC_QUERY, readProperties, readStatistics, STATISTICS_QUERY } from "./properties.ts";
import { writeSavedVm } from "./saved-vm.ts";
import { limit } from "./timeouts.ts";
import type { VmEvents } from "./vm-events.ts";
import { unsaveable } from "./vm-record.ts";

const LIFETIME: readonly Operation[] = ["create", "start", "pause", "resume", "terminate"];
/** HCS tells the end of a system that it says to have ended; an event that does not come is not waited for. */
const EXIT_EVENT_MS = 1000;
const CLOSE_MS = 10_000;

/** Those of one VM, which end with it. */
export type VmSockets = HostSockets & { destroy?(): void };

export interface HcsUvmParts extends HcsDeviceParts {
  readonly id: string;
  readonly events: VmEvents;
  /** HCS's name of the VM: the address of its sockets. */
  readonly runtimeId: string;
  readonly sockets: VmSockets;
  /** From a saved state: it stands until `resume`. */
  readonly isRestored: boolean;
  readonly securityPolicy?: SecurityPolicy;
  readonly windowsGuest?: WindowsUvm;
  readonly log: Logger;
}

/**
 * A UVM of the host compute service. In which state it is, HCS knows, and refuses what it can't do in it. The VM ends with
 * its last handle (ShouldTerminateOnLastHandleClosed): a killed shim leaves none.
 */
export class HcsUvm extends HcsDevices implements UtilityVM {
  readonly id: string;
  /** HCS's own connections do not outlive a save. */
  readonly restored = [];
  readonly sockets: HostSockets;
  readonly runtimeId: string;
  readonly securityPolicy?: SecurityPolicy;
  readonly windowsGuest?: WindowsUvm;
  readonly #parts: HcsUvmParts;
  #startedAt: Date | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: HcsUvmParts) {
    super(parts);
    this.#parts = parts;
    this.id = parts.id;
    this.sockets = parts.sockets;
    this.runtimeId = parts.runtimeId;
    if (parts.securityPolicy !== undefined) this.securityPolicy = parts.securityPolicy;
    if (parts.windowsGuest !== undefined) this.windowsGuest = parts.windowsGuest;
  }

  protected override get ended(): boolean {
    return this.#parts.events.ended;
  }

  override supported(resource: Resource, operation: Operation): boolean {
    if (resource !== "lifetime") return super.supported(resource, operation);
    if (operation === "save" || operation === "restore") return unsaveable(this.record) === undefined;
    return LIFETIME.includes(operation);
  }

  /** HCS tells no pid of a VM; the guest's own is what hcsshim reports. */
  hostPid(guestPid: number): number {
    return guestPid;
  }

  guestPath(_hostPath: string): undefined {
    return undefined;
  }

  async start(options?: CallOptions): Promise<void> {
    if (this.#parts.isRestored) throw failedPrecondition(`vm ${this.id} is restored; cannot start it: resume it`);
    await this.#start(options);
  }

  async pause(options?: CallOptions): Promise<void> {
    options?.signal?.throwIfAborted();
    await this.#parts.system.pause("", limit("PAUSE", options));
  }

  async resume(options?: CallOptions): Promise<void> {
    options?.signal?.throwIfAborted();
    // HCS loads what was saved when the new system is started.
    if (this.#parts.isRestored && (await this.#hostState(options)) === "created") return this.#start(options);
    await this.#parts.system.resume(limit("RESUME", options));
  }

  /** Throws failed-precondition for one that runs. On failure no state file stays. */
  async save({ directory, ...options }: SaveOptions): Promise<void> {
    if (!this.supported("lifetime", "save")) throw notSupported(this.stack, "lifetime", "save");
    options.signal?.throwIfAborted();
    await writeSavedVm({ ...this.#parts, record: this.record }, directory, limit("SAVE", options));
  }

  async statistics(options?: CallOptions): Promise<UvmStatistics> {
    return readStatistics(await this.#parts.system.getProperties(STATISTICS_QUERY, limit(undefined, options)));
  }

  async properties(options?: CallOptions): Promise<UvmProperties> {
    const state = await this.#hostState(options);
    return {
      state: state === "created" && this.#parts.isRestored ? "paused" : state,
      ...(this.#startedAt && { startedAt: this.#startedAt }),
      details: { "hcs.id": this.#parts.system.id, "hcs.runtime-id": this.runtimeId },
    };
  }

  async terminate(options?: CallOptions): Promise<void> {
    const { events, system } = this.#parts;
    if (events.ended) return;
    events.expectEnd();
    try {
      await system.terminate(limit(undefined, options));
    } catch (error) {
      if (!isAlreadyGone(error)) throw error;
    }
    if ((await within(EXIT_EVENT_MS, events.exited)) === undefined) events.end();
  }

  wait(options?: CallOptions): Promise<VMExit> {
    return unlessAborted(this.#parts.events.exited, options?.signal);
  }

  /** A failed one may be tried again. */
  close(): Promise<void> {
    this.#closing ??= this.#close().catch((error) => {
      this.#closing = undefined;
      throw error;
    });
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { system, events, sockets, log } = this.#parts;
    try {
      await this.terminate({ signal: AbortSignal.timeout(CLOSE_MS) });
    } catch (error) {
      log.warn(`vm ${this.id} cannot be terminated: it ends with its handle`, { error });
    }
    sockets.destroy?.();
    await system.close();
    events.end();
  }

  async #start(options: CallOptions | undefined): Promise<void> {
    options?.signal?.throwIfAborted();
    await this.#parts.system.start(limit("START", options));
    this.#startedAt = new Date();
  }

  async #hostState(options: CallOptions | undefined): Promise<UvmProperties["state"]> {
    const { events, system } = this.#parts;
    if (events.ended) return "ended";
    try {
      const { state } = readProperties(await system.getProperties(BASIC_QUERY, limit(undefined, options)));
      // One that is not told is told by what was called before.
      return state ?? (this.#startedAt === undefined ? "created" : "running");
    } catch (error) {
      if (isAlreadyGone(error)) return "ended";
      throw ShimError.from(error, "internal");
    }
  }
}
