import { ShimError, unavailable } from "../../../errors/shim-error.ts";
import { unlessAborted } from "../../../errors/unless-aborted.ts";
import { within } from "../../../errors/within.ts";
import type { HybridVsockHost } from "../../../transport/hybrid-vsock/host.ts";
import { excerpt, type GuestConsole } from "../../guest-console.ts";
import { LifeState } from "../../life-state.ts";
import type { CallOptions, SaveOptions, VMExit } from "../../lifetime.ts";
import { oomKillsSince } from "../../oom-kills.ts";
import type { UvmProperties, UvmStatistics } from "../../properties.ts";
import { notSupported, type Operation, type Resource } from "../../support.ts";
import type { UtilityVM, UvmOptions } from "../../uvm.ts";
import { removeVmCgroups } from "../../vm-cgroup.ts";
import { RemoteDevices, type RemoteDevicesOptions } from "./devices.ts";
import type { ServiceExit, ServiceProcess } from "./launch.ts";

const LIFETIME: readonly Operation[] = ["create", "start", "pause", "resume", "terminate"];
/** Ms, of each step of an end; what takes longer is not waited for. */
const END_MS = 5_000;
const LAST_WORDS_MS = 500;
const CONSOLE_LINES = 20;
const SIGKILL = 9;

type State = UvmProperties["state"];

export interface RemoteUvmParts {
  readonly options: UvmOptions;
  readonly devices: RemoteDevicesOptions;
  readonly sockets: HybridVsockHost;
  readonly console?: GuestConsole;
  /** Undefined: a service that was there before us, and stays. */
  readonly process?: ServiceProcess;
  /** Of the service. */
  readonly pid: number;
  readonly hasStatistics: boolean;
  /** After its end: what was made for it on this host. */
  readonly release: () => void;
}

/** A UVM of a service, which has created it: it stands before its first instruction until `start`. */
export class RemoteUvm extends RemoteDevices implements UtilityVM {
  readonly id: string;
  readonly os = "linux";
  readonly sockets: HybridVsockHost;
  readonly restored = [];
  declare readonly console?: GuestConsole;
  readonly #parts: RemoteUvmParts;
  readonly #exited: Promise<VMExit>;
  readonly #life: LifeState<State>;
  #startedAt: Date | undefined;
  #asked = false;

  constructor(parts: RemoteUvmParts) {
    super(parts.devices);
    this.id = parts.options.id;
    this.sockets = parts.sockets;
    if (parts.console !== undefined) this.console = parts.console;
    this.#parts = parts;
    this.#life = new LifeState<State>(this.id, "created");
    this.#exited = this.#untilEnd();
  }

  supported(resource: Resource, operation: Operation): boolean {
    if (resource === "lifetime") return LIFETIME.includes(operation);
    if (resource === "statistics") return operation === "read" && this.#parts.hasStatistics;
    return this.devicesSupported(resource, operation);
  }

  hostPid(_guestPid: number): number {
    return this.#parts.pid;
  }

  guestPath(_hostPath: string): undefined {
    return undefined;
  }

  async start(options?: CallOptions): Promise<void> {
    await this.#change("start", "created", "running", options, () => this.service.resume(options));
    this.#startedAt = new Date();
  }

  pause(options?: CallOptions): Promise<void> {
    return this.#change("pause", "running", "paused", options, () => this.service.pause(options));
  }

  resume(options?: CallOptions): Promise<void> {
    return this.#change("resume", "paused", "running", options, () => this.service.resume(options));
  }

  async save(_options: SaveOptions): Promise<void> {
    throw notSupported(this.stack, "lifetime", "save");
  }

  async statistics(options?: CallOptions): Promise<UvmStatistics> {
    if (!this.#parts.hasStatistics) throw notSupported(this.stack, "statistics", "read");
    if (this.#life.now === "ended") throw this.#life.refusal("read its statistics");
    const { memoryStats, processorStats } = await this.service.properties(options);
    if (memoryStats === undefined || processorStats === undefined) {
      throw unavailable(`vm ${this.id}: its service tells no statistics any more`);
    }
    return {
      memory: { assignedBytes: memoryStats.assignedMemory, workingSetBytes: memoryStats.workingSetBytes },
      // How much of it the guest had, it does not tell.
      processor: { totalNs: processorStats.totalRuntimeNs, guestNs: 0n },
    };
  }

  async properties(): Promise<UvmProperties> {
    return {
      state: this.#life.now,
      pid: this.#parts.pid,
      ...(this.#startedAt && { startedAt: this.#startedAt }),
      details: { "vmservice.socket": this.#parts.devices.socketPath },
    };
  }

  /** Torn down; a service of ours ends with it, by force where it does not by itself. */
  async terminate(options?: CallOptions): Promise<void> {
    if (this.#life.now !== "ended" && !this.#asked) {
      this.#asked = true;
      void this.#tearDown();
    }
    await this.wait(options);
  }

  wait(options?: CallOptions): Promise<VMExit> {
    return unlessAborted(this.#exited, options?.signal);
  }

  async close(): Promise<void> {
    await this.terminate();
    this.#parts.release();
    await removeVmCgroups(this.#parts.options.stateDirectory);
  }

  async #tearDown(): Promise<void> {
    try {
      await this.service.teardown({ signal: AbortSignal.timeout(END_MS) });
    } catch {
      // One that can't is killed, or hung up on.
      if (this.#parts.process === undefined) this.service.close();
      else this.#parts.process.kill();
    }
  }

  /** Whoever is first: the guest halts, the VM is torn down, or its service is gone. */
  async #untilEnd(): Promise<VMExit> {
    const { process, pid, console, sockets } = this.#parts;
    const outOfMemory = oomKillsSince(pid);
    const told = this.service.halted().then(
      () => this.#haltReason(),
      // A service that is gone says nothing: how it went is for its process to tell.
      (error) => (this.service.isOpen ? ShimError.from(error).message : undefined),
    );
    const gone = process?.ended.then(() => undefined);
    const reason = await Promise.race(gone === undefined ? [told] : [told, gone]);
    const end = { signal: AbortSignal.timeout(END_MS) };
    if (process === undefined) {
      // A VM that has halted is still there: its service takes no other before.
      if (!this.#asked && reason !== undefined) await this.service.teardown(end).catch(() => undefined);
    } else {
      if (reason !== undefined) await this.service.quit(end).catch(() => undefined);
      await process.reap();
    }
    const exit = await process?.ended;
    this.#life.now = "ended";
    this.service.close();
    if (console !== undefined) {
      await within(LAST_WORDS_MS, console.ended);
      console.close();
    }
    const error = this.#endError(reason ?? lostReason(process, exit));
    sockets.destroy(error);
    return {
      exitedAt: new Date(),
      ...(!this.#asked && { error }),
      ...(exit?.signal === SIGKILL && outOfMemory() && { outOfMemory: true }),
    };
  }

  async #haltReason(): Promise<string> {
    try {
      const { haltReason } = await this.service.properties({ signal: AbortSignal.timeout(END_MS) });
      return `the guest has halted${haltReason ? ` (${excerpt(haltReason)})` : ""}`;
    } catch {
      return "the guest has halted";
    }
  }

  #endError(reason: string): ShimError {
    const said = this.#parts.process?.words ?? "";
    const lines = this.#parts.console?.tail(CONSOLE_LINES) ?? [];
    const words = said === "" ? "" : `; its service said: ${said}`;
    const last = lines.length === 0 ? "" : `; last on its console: ${lines.join(" | ")}`;
    return unavailable(`vm ${this.id} has ended: ${reason}${words}${last}`);
  }

  async #change(
    verb: string,
    from: State,
    to: State,
    options: CallOptions | undefined,
    call: () => Promise<void>,
  ): Promise<void> {
    await this.#life.change(verb, from, to, options, call, async (error) => {
      // What ended the service says more than that its connection is closed.
      const ended = this.service.isOpen ? undefined : await within(2 * END_MS, this.#exited);
      return ended?.error ?? error;
    });
  }
}

function lostReason(process: ServiceProcess | undefined, exit: ServiceExit | undefined): string {
  if (process === undefined || exit === undefined) return "its service has hung up";
  if (exit.signal === SIGKILL && !process.wasKilled) {
    return "its service was killed (SIGKILL), by the kernel for want of memory or by somebody on this host";
  }
  if (exit.signal !== undefined) return `its service ended by signal ${exit.signal}`;
  return `its service exited with code ${exit.code}`;
}
