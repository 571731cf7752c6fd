import { ShimError } from "../errors/shim-error.ts";
import { unlessAborted } from "../errors/unless-aborted.ts";
import { type Deferred, deferred } from "../orchestration/deadline.ts";
import { Machine } from "../orchestration/state-table.ts";
import type { CallOptions } from "../vmmanager/lifetime.ts";
import type { UvmStatistics } from "../vmmanager/properties.ts";
import { MadeVm } from "./made-vm.ts";
import type { VmPlan } from "./plan.ts";
import type { VmServicePorts } from "./ports.ts";
import { type ServedVmState, servedVmStates } from "./state.ts";

/** The one VM of a server, from CreateVM to TeardownVM and again. */
export class ServedVm {
  readonly #ports: VmServicePorts;
  readonly #machine = new Machine<typeof servedVmStates, ServedVmState>(servedVmStates, "vm", {
    name: "uninitialized",
  });
  #abandon = new AbortController();
  #halted: Deferred<void> = deferred();
  #creating: Promise<unknown> = Promise.resolve();
  #tearingDown: Promise<void> | undefined;

  constructor(ports: VmServicePorts) {
    this.#ports = ports;
  }

  get state(): ServedVmState["name"] {
    return this.#machine.state.name;
  }

  /** Why the guest stopped, with its console's last words; undefined unless it has. */
  get haltReason(): string | undefined {
    const { state } = this.#machine;
    return state.name === "halted" ? state.reason : undefined;
  }

  /** Leaves it paused before its first instruction. A failure leaves nothing. */
  async create(id: string, plan: VmPlan, call: CallOptions): Promise<void> {
    this.#machine.begin("create", { name: "creating" }, "create another");
    this.#abandon = new AbortController();
    this.#halted = deferred();
    const signal = AbortSignal.any([this.#abandon.signal, ...(call.signal ? [call.signal] : [])]);
    const work = MadeVm.create(id, plan, this.#ports, { signal });
    this.#creating = work;
    try {
      const vm = await unlessAborted(work, signal);
      if (!this.#machine.transition("created", { name: "paused", vm })) throw this.#machine.refusal("create it");
      this.#watch(vm);
    } catch (error) {
      const leftover = work.then((vm) => vm.close()).catch(() => {});
      // Before another may be made: it has the same state directory.
      if (this.#machine.is("creating")) await leftover;
      this.#machine.transition("createFailed", { name: "uninitialized" });
      throw error;
    }
  }

  async resume(call: CallOptions): Promise<void> {
    if (this.#machine.is("running")) return;
    const vm = this.#living("resume", "resume it");
    this.#machine.begin("resume", { name: "resuming", vm });
    try {
      await vm.resume(call);
    } catch (error) {
      this.#machine.transition("resumeFailed", { name: "paused", vm });
      throw error;
    }
    this.#machine.transition("resumed", { name: "running", vm });
  }

  async pause(call: CallOptions): Promise<void> {
    if (this.#machine.is("paused")) return;
    const vm = this.#living("pause", "pause it");
    this.#machine.begin("pause", { name: "pausing", vm });
    try {
      await vm.uvm.pause(call);
    } catch (error) {
      this.#machine.transition("pauseFailed", { name: "running", vm });
      throw error;
    }
    this.#machine.transition("paused", { name: "paused", vm });
  }

  /** The VM to change a device of. */
  changeable(verb: string): MadeVm {
    return this.#living("modify", verb);
  }

  /** Undefined where nothing runs that could be measured. */
  async statistics(call: CallOptions): Promise<UvmStatistics | undefined> {
    const { state } = this.#machine;
    return "vm" in state && state.name !== "halted" ? await state.vm.statistics(call) : undefined;
  }

  /** Resolves once the guest has halted, for any number of callers; rejects (aborted) when the VM is torn down. */
  async wait(call: CallOptions): Promise<void> {
    this.#machine.guard("wait", "wait for its end");
    await unlessAborted(this.#halted.promise, call.signal);
  }

  /** Ends it and releases all that it had. Failed-precondition where there is none. */
  teardown(): Promise<void> {
    if (this.#tearingDown !== undefined) return this.#tearingDown;
    const { state } = this.#machine;
    if (state.name === "uninitialized" || state.name === "over")
      return Promise.reject(this.#machine.refusal("tear it down"));
    this.#tearingDown = this.#teardown("vm" in state ? state.vm : undefined).finally(() => {
      this.#tearingDown = undefined;
    });
    return this.#tearingDown;
  }

  /** Ends it, and takes no other. Idempotent. */
  async quit(): Promise<void> {
    if (!this.#machine.is("uninitialized", "over")) await this.teardown();
    this.#machine.transition("quit", { name: "over" });
  }

  async #teardown(vm: MadeVm | undefined): Promise<void> {
    this.#machine.begin("teardown", { name: "tearing-down" });
    const reason = new ShimError("aborted", "the VM was torn down");
    this.#halted.reject(reason);
    this.#abandon.abort(reason);
    try {
      await (vm === undefined ? this.#creating.then(closeMade, () => undefined) : vm.close());
    } finally {
      this.#machine.transition("tornDown", { name: "uninitialized" });
    }
  }

  #watch(vm: MadeVm): void {
    void vm.exited().then(({ error }) => {
      const reason = error?.message ?? "the VM has ended";
      if (this.#machine.transition("halt", { name: "halted", vm, reason })) this.#halted.resolve();
    });
  }

  #living(event: "resume" | "pause" | "modify", verb: string): MadeVm {
    this.#machine.guard(event, verb);
    const { state } = this.#machine;
    if (!("vm" in state)) throw this.#machine.refusal(verb);
    return state.vm;
  }
}

const closeMade = (made: unknown): Promise<void> | undefined => (made instanceof MadeVm ? made.close() : undefined);
