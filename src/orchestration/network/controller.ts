import { failedPrecondition, invalidArgument, ShimError } from "../../errors/shim-error.ts";
import type { HostLink } from "../../vmmanager/host-network/host-link.ts";
import { bounded } from "../deadline.ts";
import { ReleaseList } from "../release-list.ts";
import { Machine } from "../state-table.ts";
import { guestAdapter } from "./adapter.ts";
import { type NetworkLimits, type NetworkPorts, type NetworkVm, networkLimits } from "./ports.ts";
import { type JoinedNamespace, type NetworkState, networkStates } from "./state.ts";

/**
 * The network of one VM: it joins the namespace that CNI made for the pod. Each link there gets a tap beside it, the tap
 * becomes an adapter of the VM, and the guest configures that as the link was, in its own namespace of this pod.
 */
export class NetworkController {
  /** Of the namespace in the guest. */
  readonly namespaceId: string;
  readonly #ports: NetworkPorts;
  readonly #limits: NetworkLimits;
  readonly #machine: Machine<typeof networkStates, NetworkState>;
  readonly #held = new ReleaseList();
  #configuring: Promise<void> | undefined;
  #tearingDown: Promise<void> | undefined;
  #vmGone = false;
  #adapters = 0;

  constructor(podId: string, ports: NetworkPorts, limits: NetworkLimits = networkLimits) {
    // Guests compare it without regard to case, and name files by it.
    this.namespaceId = podId.toLowerCase();
    this.#ports = ports;
    this.#limits = limits;
    this.#machine = new Machine<typeof networkStates, NetworkState>(networkStates, podId, { name: "not-configured" });
  }

  get state(): NetworkState["name"] {
    return this.#machine.state.name;
  }

  /** How many links it has brought. */
  get adapters(): number {
    return this.#adapters;
  }

  /**
   * Brings the namespace's links into the VM, once for all the pod's containers that ask. A failure takes back what was
   * done and may be tried again; what could not be taken back leaves `invalid`. Throws invalid-argument for a second
   * namespace, not-found where it is gone.
   */
  async setup(vm: NetworkVm, namespace: string): Promise<void> {
    const { state } = this.#machine;
    // CRI names it by CNI's mount for the sandbox, and by the sandbox's pid, which is the VM's, for the others.
    if ("namespace" in state && this.#ports.identify(namespace) !== state.identity) {
      const has = `pod ${this.#machine.id} is in network namespace ${state.namespace}`;
      throw invalidArgument(`${has}; cannot join ${namespace} too: its containers share one`);
    }
    this.#machine.guard("setup", "set up");
    if (state.name === "not-configured") {
      const joined = { namespace, identity: this.#ports.identify(namespace) };
      this.#machine.begin("setup", { name: "configuring", ...joined });
      this.#configuring = this.#configure(vm, joined);
    }
    await this.#configuring;
  }

  /**
   * Gives everything back, newest first; what is gone already counts as given back. A failure leaves `invalid`, and the
   * next call goes on with what is left. `vmGone`: the VM has ended, and its adapters with it.
   */
  teardown({ vmGone = false }: { readonly vmGone?: boolean } = {}): Promise<void> {
    this.#vmGone ||= vmGone;
    this.#tearingDown ??= this.#teardown().finally(() => {
      this.#tearingDown = undefined;
    });
    return this.#tearingDown;
  }

  async #configure(vm: NetworkVm, joined: JoinedNamespace): Promise<void> {
    const { namespace } = joined;
    try {
      const links = await bounded(this.#limits.host, `reading network namespace ${namespace}`, (call) =>
        this.#ports.links(namespace, call),
      );
      if (links.length > 0 && !vm.uvm.supported("network", "add")) {
        // Not unimplemented: that makes containerd ask again in an older API.
        const what = `stack ${vm.uvm.stack} adds no network adapters; cannot join network namespace ${namespace}`;
        throw failedPrecondition(`${what}: run the pod without a network`);
      }
      for (const link of links) await this.#bring(vm, namespace, link);
      this.#adapters = links.length;
    } catch (thrown) {
      const cause = ShimError.from(thrown, "internal");
      try {
        await this.#held.run();
      } catch (leak) {
        this.#machine.transition("setupLeaked", { name: "invalid" });
        const { message } = ShimError.from(leak);
        throw new ShimError(cause.kind, `${cause.message}; its roll-back failed too: ${message}`, { cause });
      }
      this.#machine.transition("setupFailed", { name: "not-configured" });
      throw cause;
    }
    this.#machine.transition("configured", { name: "configured", ...joined });
  }

  async #bring({ uvm, guest }: NetworkVm, namespace: string, link: HostLink): Promise<void> {
    const { host: hostLimit, uvm: uvmLimit, guest: guestLimit } = this.#limits;
    const what = `link ${link.name} of ${namespace}`;
    const id = `nic${link.index}`;
    // Each step is held before it is tried: one that failed, or took too long, may have been done all the same.
    this.#held.add(`tap of ${what}`, () =>
      bounded(hostLimit, `leaving ${what}`, (call) => this.#ports.leaveTap(namespace, link, call)),
    );
    const fd = await bounded(hostLimit, `joining ${what}`, (call) => this.#ports.joinTap(namespace, link, call));
    this.#hold(`adapter ${id} of ${what}`, uvmLimit, (call) => uvm.removeNetworkAdapter(id, call));
    const adapter = { id, macAddress: link.macAddress, backend: { kind: "tap", fd } } as const;
    await bounded(uvmLimit, `plugging ${what} in`, (call) => uvm.addNetworkAdapter(adapter, call));

    const settings = guestAdapter(this.namespaceId, id, link);
    this.#hold(`${what} in the guest`, guestLimit, (call) => guest.removeNetworkInterface(settings, call));
    await bounded(guestLimit, `setting ${what} up in the guest`, (call) => guest.addNetworkInterface(settings, call));
  }

  /** What ends with the VM. */
  #hold(what: string, limit: number, release: (call: { readonly signal: AbortSignal }) => Promise<void>): void {
    this.#held.add(what, async () => {
      if (!this.#vmGone) await bounded(limit, `removal of ${what}`, release);
    });
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
      await this.#held.run();
    } catch (cause) {
      this.#machine.transition("teardownFailed", { name: "invalid" });
      throw cause;
    }
    this.#machine.transition("tornDown", { name: "torn-down" });
  }
}
