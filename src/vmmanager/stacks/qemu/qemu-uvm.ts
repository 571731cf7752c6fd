import { failedPrecondition, ShimError } from "../../../errors/shim-error.ts";
import { unlessAborted } from "../../../errors/unless-aborted.ts";
import type { HostSockets } from "../../../transport/sockets.ts";
import type { VmConsole } from "../../console.ts";
import { LifeState } from "../../life-state.ts";
import type { CallOptions, SaveOptions, VMExit } from "../../lifetime.ts";
import type { UvmProperties, UvmStatistics } from "../../properties.ts";
import type { Operation, Resource } from "../../support.ts";
import type { RestoredConnection, UtilityVM, UvmOptions } from "../../uvm.ts";
import { removeVmCgroups } from "../../vm-cgroup.ts";
import type { GuestChannel } from "./channel/channel.ts";
import { devicesSupported, QemuDevices, type QemuDevicesOptions } from "./devices/devices.ts";
import { unsaveable } from "./devices/hardware.ts";
import type { UvmDocument } from "./document.ts";
import type { QemuHost } from "./qemu-host.ts";
import { writeSavedState } from "./saved-state.ts";
import { readStatistics } from "./statistics.ts";

const LIFETIME: readonly Operation[] = [
  ...(["create", "start", "pause", "resume", "save", "restore", "terminate"] as const),
];
/** For a command that QEMU answers at once, where the caller gives no limit. */
const COMMAND_MS = 30_000;

type State = UvmProperties["state"] | "saving";

export interface QemuUvmParts {
  readonly options: UvmOptions;
  readonly devices: QemuDevicesOptions;
  readonly document: UvmDocument;
  /** Its directory; undefined where it booted from files of its own. */
  readonly image: string | undefined;
  readonly host: QemuHost;
  readonly channel: GuestChannel;
  /** One of a saved state stands still until `resume`, one of a template until `start`. */
  readonly origin: "boot" | "saved" | TemplateOrigin;
}

export interface TemplateOrigin {
  /** The guest has found its new host. */
  readonly established: Promise<void>;
  /** It did not: the template is not to be used again. */
  unanswered(error: Error): void;
}

/**
 * A UVM in a QEMU process. It stands before its first instruction until `start`; what QEMU can't do has failed by then.
 * After a restore the guest's wall clock is behind by the time that the state lay there: whoever talks to the guest
 * (guestmanager) sets it after `resume`, as no device does.
 */
export class QemuUvm extends QemuDevices implements UtilityVM {
  readonly id: string;
  readonly os = "linux";
  readonly sockets: HostSockets;
  readonly console: VmConsole;
  readonly restored: readonly RestoredConnection[];
  readonly fromTemplate: boolean;
  readonly #parts: QemuUvmParts;
  readonly #exited: Promise<VMExit>;
  readonly #life: LifeState<State>;
  #startedAt: Date | undefined;
  #asked = false;

  constructor(parts: QemuUvmParts) {
    super(parts.host.monitor, parts.devices);
    const { options, host, channel, origin } = parts;
    this.id = options.id;
    this.sockets = channel.sockets;
    this.console = host.console;
    this.#parts = parts;
    this.#life = new LifeState<State>(this.id, origin === "saved" ? "paused" : "created");
    this.restored = channel.restored;
    this.fromTemplate = typeof origin === "object";
    if (origin === "saved") this.#startedAt = new Date();
    this.#exited = host.ended.then((error) => {
      this.#life.now = "ended";
      channel.destroy(error);
      host.monitor.close();
      const outOfMemory = host.outOfMemory ? { outOfMemory: true } : {};
      return { exitedAt: new Date(), ...(this.#asked ? {} : { error }), ...outOfMemory };
    });
  }

  supported(resource: Resource, operation: Operation): boolean {
    if (operation === "save" && this.#parts.channel.unsaveable !== undefined) return false;
    if (resource === "lifetime") return LIFETIME.includes(operation);
    if (resource === "statistics") return operation === "read";
    return devicesSupported(resource, operation);
  }

  hostPid(_guestPid: number): number {
    return this.#parts.host.pid;
  }

  guestPath(_hostPath: string): undefined {
    return undefined;
  }

  async start(options?: CallOptions): Promise<void> {
    const { origin, channel } = this.#parts;
    await this.#change("start", "created", "running", options, async () => {
      // Its guest has opened the port already, and says so no more.
      if (typeof origin === "object") channel.resume();
      await this.#qmp.execute("cont", undefined, limit(options));
    });
    this.#startedAt = new Date();
    if (typeof origin === "object") await this.#answered(origin, options);
  }

  async #answered({ established, unanswered }: TemplateOrigin, options: CallOptions | undefined): Promise<void> {
    try {
      await unlessAborted(established, options?.signal);
    } catch (cause) {
      const error = ShimError.from(cause);
      if (!this.#asked) unanswered(error);
      throw error;
    }
  }

  async pause(options?: CallOptions): Promise<void> {
    await this.#change("pause", "running", "paused", options, () =>
      this.#qmp.execute("stop", undefined, limit(options)),
    );
  }

  async resume(options?: CallOptions): Promise<void> {
    await this.#change("resume", "paused", "running", options, async () => {
      this.#parts.channel.resume();
      await this.#qmp.execute("cont", undefined, limit(options));
    });
  }

  /**
   * Writes the paused UVM into the directory. On failure nothing of it stays there, and the UVM can go on. Throws
   * failed-precondition for one that runs or has a device that can't be saved, resource-exhausted for a full disk.
   */
  async save(options: SaveOptions): Promise<void> {
    const { host, channel, document, image } = this.#parts;
    await this.#change("save", "paused", "saving", options, async () => {
      const obstacle = channel.unsaveable ?? unsaveable(this.hardware);
      if (obstacle !== undefined) throw failedPrecondition(`vm ${this.id} can't be saved: ${obstacle}`);
      if (image === undefined) {
        throw failedPrecondition(`vm ${this.id} has booted from files that are no image; cannot save it`);
      }
      const vm = { monitor: host.monitor, document, hardware: this.hardware, image, mux: channel.saveState() };
      await writeSavedState(vm, options);
    });
    if (this.#life.now === "saving") this.#life.now = "paused";
  }

  async statistics(options?: CallOptions): Promise<UvmStatistics> {
    if (this.#life.now === "ended") throw this.#life.refusal("read its statistics");
    const { host, document, options: made } = this.#parts;
    const { memoryMiB } = document.sizing;
    const vm = { pid: host.pid, qmp: this.#qmp, memoryMiB, stateDirectory: made.stateDirectory };
    return readStatistics(vm, limit(options));
  }

  async properties(): Promise<UvmProperties> {
    const { document, host } = this.#parts;
    const { major, minor, micro } = this.#qmp.version ?? { major: 0, minor: 0, micro: 0 };
    return {
      state: this.#life.now === "saving" ? "paused" : this.#life.now,
      pid: host.pid,
      ...(this.#startedAt && { startedAt: this.#startedAt }),
      details: {
        "qemu.version": `${major}.${minor}.${micro}`,
        "qemu.machine": document.machine,
        "qemu.accelerator": document.accelerator,
      },
    };
  }

  /** SIGKILL: nothing that a guest does delays it, and it has nothing to tidy up that the kernel does not. */
  async terminate(options?: CallOptions): Promise<void> {
    if (!this.#parts.host.isGone) this.#asked = true;
    this.#parts.host.kill();
    await this.wait(options);
  }

  wait(options?: CallOptions): Promise<VMExit> {
    return unlessAborted(this.#exited, options?.signal);
  }

  override async close(): Promise<void> {
    await this.terminate();
    try {
      await super.close();
    } finally {
      await removeVmCgroups(this.#parts.options.stateDirectory);
    }
  }

  get #qmp() {
    return this.#parts.host.monitor.qmp;
  }

  async #change(
    verb: string,
    from: State,
    to: State,
    options: CallOptions | undefined,
    call: () => Promise<void>,
  ): Promise<void> {
    // The deadline is ours; QEMU itself has said nothing.
    await this.#life.change(verb, from, to, options, call, (error) => ShimError.from(error, "internal"));
  }
}

function limit(options: CallOptions | undefined): { signal: AbortSignal } {
  const own = AbortSignal.timeout(COMMAND_MS);
  return { signal: options?.signal ? AbortSignal.any([own, options.signal]) : own };
}
