import { notFound, ShimError } from "../../../errors/shim-error.ts";
import type { HostComputeEndpoint, HostComputeNamespace } from "../../../prot/resources/hcn.ts";
import { endpointIds } from "../../../vmmanager/host-network/hcn/host-compute-network.ts";
import { bounded } from "../../deadline.ts";
import { isGone } from "../../release-list.ts";
import { Machine } from "../../state-table.ts";
import { type NetworkLimits, networkLimits } from "../ports.ts";
import { eth0First } from "./adapter.ts";
import { type Nic, reserveNic } from "./nic.ts";
import type { HcnPorts, HcnVm } from "./ports.ts";
import { type HcnNetworkState, hcnNetworkStates } from "./state.ts";

/**
 * One namespace of HCN in a VM: each of its endpoints is an adapter there, and the guest configures it. Endpoints may
 * come and go while it is configured.
 */
export class HcnNetworkController {
  readonly id: string;
  readonly #ports: HcnPorts;
  readonly #limits: NetworkLimits;
  readonly #machine: Machine<typeof hcnNetworkStates, HcnNetworkState>;
  /** By the endpoints' ids, in lower case, in the order of their coming. */
  readonly #nics = new Map<string, Nic>();
  /** Takes the namespace out of the guest; undefined where it is not there. */
  #leave: (() => Promise<void>) | undefined;
  #configuring: Promise<void> | undefined;
  #tearingDown: Promise<void> | undefined;
  #vmGone = false;

  /** `id`: the namespace's GUID. */
  constructor(id: string, ports: HcnPorts, limits: NetworkLimits = networkLimits) {
    this.id = id;
    this.#ports = ports;
    this.#limits = limits;
    this.#machine = new Machine<typeof hcnNetworkStates, HcnNetworkState>(hcnNetworkStates, id, {
      name: "not-configured",
    });
  }

  get state(): HcnNetworkState["name"] {
    return this.#machine.state.name;
  }

  /** Endpoints that are in the VM, or may be. */
  get endpoints(): readonly string[] {
    return [...this.#nics.values()].map(({ endpoint }) => endpoint.id);
  }

  /**
   * Brings the namespace and its endpoints into the VM, once for all who ask. `withEndpoints` false: the namespace alone.
   * A failure takes back what was done and may be tried again; what could not be taken back leaves `invalid`. Throws
   * not-found where HCN does not have it.
   */
  async setup(vm: HcnVm, { withEndpoints = true }: { readonly withEndpoints?: boolean } = {}): Promise<void> {
    this.#machine.guard("setup", "set up");
    if (this.#machine.is("not-configured")) {
      this.#machine.begin("setup", { name: "configuring" });
      this.#configuring = this.#configure(vm, withEndpoints);
    }
    await this.#configuring;
  }

  /** Those that are in the VM already are left alone. On failure, what came before it stays. */
  async addEndpoints(ids: readonly string[]): Promise<void> {
    this.#machine.guard("change", "add endpoints");
    for (const id of ids) {
      const known = this.#nics.get(id.toLowerCase());
      if (known !== undefined) {
        await known.map();
        continue;
      }
      const endpoint = await this.#endpoint(id);
      this.#machine.guard("change", `add endpoint ${id}`);
      const { state } = this.#machine;
      if (state.name === "configured") await this.#bring(state.vm, endpoint);
    }
  }

  /** Throws not-found for one that is not in the VM. After a failure it may be tried again. */
  async removeEndpoint(id: string): Promise<void> {
    this.#machine.guard("change", `remove endpoint ${id}`);
    const nic = this.#nics.get(id.toLowerCase());
    if (nic === undefined) throw notFound(`network namespace ${this.id} has no endpoint ${id} in its vm`);
    await this.#drop(nic);
  }

  /**
   * Gives everything back, the guest before the host; what is gone already counts as given back. A failure leaves
   * `invalid`, and the next call goes on with what is left. `vmGone`: the VM has ended, and its adapters with it.
   */
  teardown({ vmGone = false }: { readonly vmGone?: boolean } = {}): Promise<void> {
    this.#vmGone ||= vmGone;
    this.#tearingDown ??= this.#teardown().finally(() => {
      this.#tearingDown = undefined;
    });
    return this.#tearingDown;
  }

  async #configure(vm: HcnVm, withEndpoints: boolean): Promise<void> {
    let namespace: HostComputeNamespace;
    try {
      namespace = await bounded(this.#limits.host, `reading network namespace ${this.id}`, (call) =>
        this.#ports.namespace(this.id, call),
      );
      const ids = withEndpoints ? endpointIds(namespace) : [];
      const endpoints: HostComputeEndpoint[] = [];
      for (const id of ids) endpoints.push(await this.#endpoint(id));
      await this.#join(vm, namespace);
      for (const endpoint of eth0First(endpoints)) await this.#bring(vm, endpoint);
    } catch (thrown) {
      const cause = ShimError.from(thrown, "internal");
      try {
        await this.#release();
      } catch (leak) {
        this.#machine.transition("setupLeaked", { name: "invalid" });
        const { message } = ShimError.from(leak);
        throw new ShimError(cause.kind, `${cause.message}; its roll-back failed too: ${message}`, { cause });
      }
      this.#machine.transition("setupFailed", { name: "not-configured" });
      throw cause;
    }
    this.#machine.transition("configured", { name: "configured", vm, namespace });
  }

  async #endpoint(id: string): Promise<HostComputeEndpoint> {
    return bounded(this.#limits.host, `reading network endpoint ${id}`, (call) => this.#ports.endpoint(id, call));
  }

  async #join({ guest }: HcnVm, namespace: HostComputeNamespace): Promise<void> {
    const what = `network namespace ${this.id}`;
    // Held before it is tried: what failed, or took too long, may have been done all the same.
    this.#leave = () =>
      bounded(this.#limits.guest, `removal of ${what}`, (call) => guest.removeNamespace(namespace, call));
    await bounded(this.#limits.guest, `adding ${what} to the guest`, (call) => guest.addNamespace(namespace, call));
  }

  async #bring(vm: HcnVm, endpoint: HostComputeEndpoint): Promise<void> {
    const key = endpoint.id.toLowerCase();
    let nic = this.#nics.get(key);
    if (nic === undefined) {
      if (!vm.uvm.supported("network", "add")) {
        // Not unimplemented: that makes containerd ask again in an older API.
        const what = `stack ${vm.uvm.stack} adds no network adapters; cannot bring endpoint ${endpoint.id} into its vm`;
        throw new ShimError("failed-precondition", `${what}: run the pod without a network`);
      }
      nic = reserveNic(endpoint, crypto.randomUUID(), vm, this.#limits, () => this.#vmGone);
      this.#nics.set(key, nic);
    }
    try {
      await nic.map();
    } catch (cause) {
      // What stays is tried again by the next who asks for it, or by the teardown.
      await this.#drop(nic).catch(() => {});
      throw cause;
    }
  }

  async #drop(nic: Nic): Promise<void> {
    await nic.unmap();
    const key = nic.endpoint.id.toLowerCase();
    if (this.#nics.get(key) === nic) this.#nics.delete(key);
  }

  /** Goes on past a failure; throws them all. */
  async #release(): Promise<void> {
    const failures: ShimError[] = [];
    for (const nic of [...this.#nics.values()].reverse()) {
      await this.#drop(nic).catch((thrown) => failures.push(ShimError.from(thrown, "internal")));
    }
    // A namespace with an adapter left in it would not go.
    if (failures.length === 0 && this.#leave !== undefined) {
      try {
        if (!this.#vmGone) await this.#leave();
        this.#leave = undefined;
      } catch (thrown) {
        if (isGone(thrown)) this.#leave = undefined;
        else failures.push(ShimError.from(thrown, "internal"));
      }
    }
    const [first] = failures;
    if (first === undefined) return;
    throw new ShimError(first.kind, failures.map(({ message }) => message).join("; "), { cause: first });
  }

  async #teardown(): Promise<void> {
    // Each of its steps is bounded, and fails at once where the VM is gone.
    await this.#configuring?.catch(() => {});
    if (this.#machine.is("not-configured", "torn-down")) {
      this.#machine.transition("teardown", { name: "torn-down" });
      return;
    }
    this.#machine.begin("teardown", { name: "tearing-down" });
    try {
      await this.#release();
    } catch (cause) {
      this.#machine.transition("teardownFailed", { name: "invalid" });
      throw cause;
    }
    this.#machine.transition("tornDown", { name: "torn-down" });
  }
}
