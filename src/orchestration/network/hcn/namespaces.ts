import { alreadyExists, notFound, ShimError } from "../../../errors/shim-error.ts";
import type { NetworkLimits } from "../ports.ts";
import { HcnNetworkController } from "./controller.ts";
import type { HcnPorts, HcnVm } from "./ports.ts";

/** The namespaces of HCN in one VM (hcsshim's uvm: AddNetNS and its kin), by their GUIDs. */
export class HcnNamespaces {
  readonly #vm: (namespaceId: string) => HcnVm;
  readonly #ports: HcnPorts;
  readonly #limits: NetworkLimits | undefined;
  readonly #networks = new Map<string, HcnNetworkController>();

  /** `vm`: the running VM, as the adapters of one namespace come into it. */
  constructor(vm: (namespaceId: string) => HcnVm, ports: HcnPorts, limits?: NetworkLimits) {
    this.#vm = vm;
    this.#ports = ports;
    this.#limits = limits;
  }

  get attached(): readonly string[] {
    return [...this.#networks.values()].map(({ id }) => id);
  }

  /** With its endpoints, or without. Throws already-exists for one that is attached; a failure leaves nothing attached. */
  async attach(id: string, options: { readonly withEndpoints?: boolean } = {}): Promise<void> {
    const key = id.toLowerCase();
    if (this.#networks.has(key)) {
      throw alreadyExists(
        `network namespace ${id} is attached to the vm already; cannot attach it: add endpoints to it`,
      );
    }
    const network = new HcnNetworkController(id, this.#ports, this.#limits);
    this.#networks.set(key, network);
    try {
      await network.setup(this.#vm(id), options);
    } catch (cause) {
      // What could not be rolled back is its teardown's.
      if (network.state === "not-configured" && this.#networks.get(key) === network) this.#networks.delete(key);
      throw cause;
    }
  }

  /** Throws not-found for a namespace that is not attached. */
  async addEndpoints(id: string, endpointIds: readonly string[]): Promise<void> {
    await this.#known(id).addEndpoints(endpointIds);
  }

  /** Throws not-found for a namespace that is not attached, and for an endpoint that is not in it. */
  async removeEndpoint(id: string, endpointId: string): Promise<void> {
    await this.#known(id).removeEndpoint(endpointId);
  }

  /** hcsshim's RemoveEndpointsFromNS: those that are not in it are passed over. A failure ends it; it may be tried again. */
  async removeEndpoints(id: string, endpointIds: readonly string[]): Promise<void> {
    const network = this.#known(id);
    for (const endpointId of endpointIds) {
      const isIn = network.endpoints.some((one) => one.toLowerCase() === endpointId.toLowerCase());
      if (isIn) await network.removeEndpoint(endpointId);
    }
  }

  /** With all that is in it; may be tried again after a failure. One that is not attached is fine. */
  async detach(id: string, options: { readonly vmGone?: boolean } = {}): Promise<void> {
    const key = id.toLowerCase();
    const network = this.#networks.get(key);
    if (network === undefined) return;
    await network.teardown(options);
    if (this.#networks.get(key) === network) this.#networks.delete(key);
  }

  /** All of them. Goes on past a failure; throws the first. */
  async detachAll(options: { readonly vmGone?: boolean } = {}): Promise<void> {
    const results = await Promise.allSettled(this.attached.map((id) => this.detach(id, options)));
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) throw ShimError.from(failed.reason, "internal");
  }

  #known(id: string): HcnNetworkController {
    const network = this.#networks.get(id.toLowerCase());
    if (network === undefined) throw notFound(`network namespace ${id} is not attached to the vm: attach it first`);
    return network;
  }
}
