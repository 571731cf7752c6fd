import { ShimError, unavailable } from "../../errors/shim-error.ts";
import { unlessAborted } from "../../errors/unless-aborted.ts";
import { failpoint } from "../../failpoint/failpoint.ts";
import type { PodGuest } from "../../guestmanager/create-guest.ts";
import { spanOf } from "../../tracing/span.ts";
import type { VmConsole } from "../../vmmanager/console.ts";
import type { VMExit } from "../../vmmanager/lifetime.ts";
import type { UtilityVM, UvmOptions } from "../../vmmanager/uvm.ts";
import { deadline, deferred, within } from "../deadline.ts";
import { Machine } from "../state-table.ts";
import { type VmHost, type VmLimits, type VmPorts, vmLimits } from "./ports.ts";
import { tellCloned, tellResumed } from "./resumed.ts";
import { type VmState, vmStates } from "./state.ts";
import { forwardLogs, initialState, tellAddress } from "./windows-guest.ts";

/**
 * One utility VM from nothing to its end. No lock: while the host or the guest is asked, the state says so, and
 * `terminate` may come at any moment.
 */
export class VmController {
  readonly id: string;
  readonly #options: UvmOptions;
  readonly #ports: VmPorts;
  readonly #limits: VmLimits;
  readonly #machine: Machine<typeof vmStates, VmState>;
  /** Ends a create or boot under way once the VM is to be terminated. */
  readonly #abandon = new AbortController();
  readonly #exited = deferred<VMExit>();
  /** Why we ended it ourselves, where it was not asked for (bridge broken). */
  #failure: Error | undefined;
  /** The guest was asked to turn itself off: that it does is no failure. */
  #shutDown = false;
  #creating: Promise<unknown> | undefined;
  #terminating: Promise<void> | undefined;
  #unclosed: UtilityVM | undefined;

  constructor(options: UvmOptions, ports: VmPorts, limits: VmLimits = vmLimits) {
    this.id = options.id;
    this.#options = options;
    this.#ports = ports;
    this.#limits = limits;
    this.#machine = new Machine<typeof vmStates, VmState>(vmStates, options.id, { name: "not-created" });
  }

  get state(): VmState["name"] {
    return this.#machine.state.name;
  }

  /** The running VM's two ends. Throws failed-precondition in any other state. */
  host(verb: string): VmHost {
    const state = this.#machine.state;
    if (state.name !== "running") throw this.#machine.refusal(verb);
    return state.host;
  }

  guest(verb: string): PodGuest {
    return this.host(verb).guest;
  }

  /** From its creation to its release; undefined also where the stack has none. */
  get console(): VmConsole | undefined {
    return this.#unclosed?.console;
  }

  async create(): Promise<void> {
    this.#machine.begin("create", { name: "creating" });
    const limit = deadline(this.#limits.boot, `creation of vm ${this.id}`, this.#abandon.signal);
    const work = spanOf("vm", "create", () => this.#ports.createUvm(this.#options, { signal: limit.signal }));
    this.#creating = work;
    try {
      const uvm = await unlessAborted(work, limit.signal);
      this.#unclosed = uvm;
      const host = { uvm, guest: this.#ports.createGuest(uvm) };
      if (!this.#machine.transition("created", { name: "created", host })) throw this.#machine.refusal("create");
      this.#watch(host);
    } catch (thrown) {
      const cause = ShimError.from(thrown, "internal");
      this.#machine.transition("createFailed", { name: "invalid", host: undefined, cause });
      // A UVM that arrives after we gave up has no other owner.
      work.then((uvm) => uvm.close()).catch(() => {});
      throw cause;
    } finally {
      limit.done();
    }
  }

  /** Boots it and connects the guest, within the boot limit; a failure leaves `invalid`, where only `terminate` is left. */
  async start(): Promise<void> {
    const { state } = this.#machine;
    if (state.name !== "created") throw this.#machine.refusal("start");
    const { host } = state;
    this.#machine.begin("start", { name: "starting", host });
    const limit = deadline(this.#limits.boot, `boot of vm ${this.id}`, this.#abandon.signal);
    const ended = this.#exited.promise.then((exit) => {
      const why = exit.error === undefined ? "" : `: ${exit.error.message}`;
      throw unavailable(`vm ${this.id} ended while it booted${why}`, exit.error);
    });
    ended.catch(() => {});
    try {
      // Armed before the start: a guest that dials before anybody listens never comes back.
      host.guest.prepareConnection();
      const boot = async (): Promise<void> => {
        if (globalThis.UVM_SHIM_FAILPOINTS) await failpoint("vm.boot");
        const { startUvm } = this.#ports;
        await spanOf("vm", "start", () => (startUvm ?? startPlain)(host, limit));
        const connect = { signal: limit.signal, ...initialState(host.uvm) };
        await spanOf("vm", "boot to the guest's dial", () => host.guest.createConnection(connect));
        await tellCloned(host, limit);
        await tellAddress(host, limit);
        await tellPolicy(host, limit);
        await forwardLogs(host, limit, this.#ports.warn);
      };
      await Promise.race([unlessAborted(boot(), limit.signal), ended]);
      if (!this.#machine.transition("started", { name: "running", host })) throw this.#machine.refusal("start");
    } catch (thrown) {
      const cause = ShimError.from(thrown, "internal");
      host.guest.closeConnection();
      this.#machine.transition("startFailed", { name: "invalid", host, cause });
      throw cause;
    } finally {
      limit.done();
    }
  }

  async pause(): Promise<void> {
    const host = this.host("pause");
    this.#machine.begin("pause", { name: "pausing", host });
    try {
      await this.#pauseUvm(host);
    } catch (cause) {
      this.#machine.transition("pauseFailed", { name: "running", host });
      throw cause;
    }
    if (!this.#machine.transition("paused", { name: "paused", host })) throw this.#machine.refusal("pause");
  }

  /**
   * Stops it and has it written by `write`; it stays paused then, for `resume` or `terminate`. A failed save lets it go
   * on as if nothing had been: a paused one stays paused.
   */
  async save(write: (host: VmHost, call: { signal: AbortSignal }) => Promise<void>): Promise<void> {
    const { state } = this.#machine;
    const wasPaused = state.name === "paused";
    const host = wasPaused ? state.host : this.host("save");
    this.#machine.begin("save", { name: "saving", host });
    try {
      if (!wasPaused) await this.#pauseUvm(host);
    } catch (cause) {
      this.#machine.transition("notPaused", { name: "running", host });
      throw cause;
    }
    const limit = deadline(this.#limits.save, `save of vm ${this.id}`, this.#abandon.signal);
    try {
      await unlessAborted(write(host, { signal: limit.signal }), limit.signal);
    } catch (cause) {
      if (wasPaused) this.#machine.transition("saveFailedPaused", { name: "paused", host });
      else if (this.#machine.transition("saveFailed", { name: "resuming", host })) {
        await this.#resume(host).catch((error) => this.#ports.warn(`vm ${this.id} stays paused`, error));
      }
      throw cause;
    } finally {
      limit.done();
    }
    if (!this.#machine.transition("saved", { name: "paused", host })) throw this.#machine.refusal("save");
  }

  async resume(): Promise<void> {
    const { state } = this.#machine;
    if (state.name !== "paused") throw this.#machine.refusal("resume");
    const { host } = state;
    this.#machine.begin("resume", { name: "resuming", host });
    await this.#resume(host);
  }

  /** One that comes too late is taken back: the VM counts as running, and nobody would ever wake it. */
  async #pauseUvm({ uvm }: VmHost): Promise<void> {
    const work = uvm.pause();
    try {
      await within(work, this.#limits.pause, `pause of vm ${this.id}`);
    } catch (cause) {
      const resume = () => uvm.resume().catch((error) => this.#ports.warn(`vm ${this.id} stands still`, error));
      work.then(resume, () => {});
      throw cause;
    }
  }

  async #resume(host: VmHost): Promise<void> {
    const work = host.uvm.resume();
    try {
      await within(work, this.#limits.pause, `resume of vm ${this.id}`);
    } catch (cause) {
      this.#machine.transition("resumeFailed", { name: "paused", host });
      work.then(() => this.#resumedLate(host)).catch(() => {});
      throw cause;
    }
    await this.#resumed(host);
  }

  /** It runs, whatever was told its caller: a paused one could not be resumed again. */
  async #resumedLate(host: VmHost): Promise<void> {
    if (this.#machine.transition("resume", { name: "resuming", host })) await this.#resumed(host);
  }

  async #resumed(host: VmHost): Promise<void> {
    if (!this.#machine.transition("resumed", { name: "running", host })) throw this.#machine.refusal("resume");
    await tellResumed(host.guest, this.#limits.pause).catch((cause) =>
      this.#ports.warn(`vm ${this.id}: its clock was not set`, cause),
    );
  }

  /**
   * Ends it in any state, within the limit. Idempotent; a failure leaves `invalid` and may be tried again. `graceful`: a
   * guest that answers may write back its file systems and turn itself off first.
   */
  terminate({ graceful = false }: { readonly graceful?: boolean } = {}): Promise<void> {
    this.#abandon.abort(unavailable(`vm ${this.id} is being terminated`));
    this.#terminating ??= this.#terminate(graceful).finally(() => {
      this.#terminating = undefined;
    });
    return this.#terminating;
  }

  /** The VM's end, for any number of callers, also afterwards. */
  wait(options?: { signal?: AbortSignal }): Promise<VMExit> {
    return unlessAborted(this.#exited.promise, options?.signal);
  }

  async #terminate(graceful: boolean): Promise<void> {
    await within(this.#creating ?? Promise.resolve(), this.#limits.terminate, "").catch(() => {});
    // One turn more: `create` itself has seen the outcome, and the state has moved on.
    await Promise.resolve();
    const { state } = this.#machine;
    if (state.name === "not-created" || (state.name === "invalid" && state.host === undefined)) {
      const cause = state.name === "invalid" ? state.cause : undefined;
      if (state.name === "invalid") this.#machine.transition("terminate", { name: "terminating", host: undefined });
      this.#end({ exitedAt: new Date(), ...(cause && { error: cause }) });
    } else if (state.name !== "terminated" && state.name !== "terminating" && "host" in state && state.host) {
      await this.#terminateHost(state.host, graceful && state.name === "running");
    }
    await this.#close();
  }

  async #terminateHost(host: VmHost, graceful: boolean): Promise<void> {
    this.#machine.transition("terminate", { name: "terminating", host });
    if (graceful) await this.#shutDownGuest(host);
    host.guest.closeConnection();
    const limit = deadline(this.#limits.terminate, `termination of vm ${this.id}`);
    try {
      const work = spanOf("vm", "terminate", () => host.uvm.terminate({ signal: limit.signal }));
      await unlessAborted(work, limit.signal);
      this.#end(await unlessAborted(host.uvm.wait({ signal: limit.signal }), limit.signal));
    } catch (thrown) {
      const cause = ShimError.from(thrown, "internal");
      this.#machine.transition("terminateFailed", { name: "invalid", host, cause });
      throw cause;
    } finally {
      limit.done();
    }
  }

  async #shutDownGuest({ guest, uvm }: VmHost): Promise<void> {
    const limit = deadline(this.#limits.shutdown, `shutdown of the guest of vm ${this.id}`);
    try {
      this.#shutDown = true;
      await unlessAborted(guest.shutdown("forced", { signal: limit.signal }), limit.signal);
      await unlessAborted(uvm.wait({ signal: limit.signal }), limit.signal);
    } catch (cause) {
      this.#ports.warn(`vm ${this.id} is terminated without its guest's shutdown`, cause);
    } finally {
      limit.done();
    }
  }

  async #close(): Promise<void> {
    const uvm = this.#unclosed;
    if (uvm === undefined) return;
    await within(uvm.close(), this.#limits.terminate, `release of vm ${this.id}`);
    this.#unclosed = undefined;
  }

  #watch(host: VmHost): void {
    void host.uvm.wait().then(
      (exit) => {
        // Calls that the guest will never answer fail now, not at their time-out.
        host.guest.closeConnection();
        this.#end(exit);
      },
      (cause) => this.#ports.warn(`vm ${this.id}: its end cannot be watched`, cause),
    );
    void host.guest.disconnected.then((reason) => {
      if (!this.#machine.is("running", "pausing", "paused", "saving", "resuming")) return;
      // A guest that broke the bridge, or left it, is a VM that nobody can drive any more.
      this.#failure = unavailable(`vm ${this.id}: the guest's bridge ended`, reason);
      this.terminate().catch((cause) => this.#ports.warn(`vm ${this.id}: cannot terminate it`, cause));
    });
  }

  #end(exit: VMExit): void {
    const error = (this.#shutDown ? undefined : exit.error) ?? this.#failure;
    const { exitedAt, outOfMemory } = exit;
    const kept: VMExit = { exitedAt, ...(error && { error }), ...(outOfMemory && { outOfMemory }) };
    const moved =
      this.#machine.transition("exited", { name: "terminated", exit: kept }) ||
      (this.#machine.is("not-created") && this.#machine.transition("terminate", { name: "terminated", exit: kept }));
    if (moved) this.#exited.resolve(kept);
  }
}

/** A confidential guest refuses all else until it has one. */
async function tellPolicy({ uvm, guest }: VmHost, call: { readonly signal: AbortSignal }): Promise<void> {
  if (uvm.securityPolicy === undefined) return;
  const { enforcer, policy, reference, hashEnvelope } = uvm.securityPolicy;
  const settings = {
    ...{ enforcerType: enforcer, encodedSecurityPolicy: policy },
    ...{ encodedUvmReference: reference, encodedUvmHashEnvelopeReference: hashEnvelope },
  };
  await guest.addSecurityPolicy(settings, call);
}

function startPlain({ uvm }: VmHost, { signal }: { readonly signal: AbortSignal }): Promise<void> {
  return uvm.start({ signal });
}
