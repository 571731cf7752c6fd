import { boot } from "../../../config/annotations/vm-boot.ts";
import { failedPrecondition, invalidArgument } from "../../../errors/shim-error.ts";
import type { Guest } from "../../../guestmanager/guest.ts";
import type { GuestNetwork } from "../../../guestmanager/network.ts";
import type { WcowNetworkManager } from "../../../guestmanager/wcow/network.ts";
import type { Spec } from "../../../oci/spec.ts";
import { AnnotationReader } from "../../../vmmanager/options/annotation-reader.ts";
import type { PodNetworking } from "../pod-network.ts";
import { HcnNetworkController } from "./controller.ts";
import { linuxEndpointGuest, windowsEndpointGuest } from "./endpoint-guest.ts";
import type { HcnPorts, HcnVm } from "./ports.ts";

export interface HcnPodNetworkOptions {
  readonly podId: string;
  readonly hcn: HcnPorts;
  warn(message: string, cause?: unknown): void;
}

/** A running VM; `windows`: its guest is Windows. */
export interface JoiningVm {
  readonly uvm: HcnVm["uvm"];
  readonly guest: GuestNetwork &
    Pick<Guest, "capabilities"> & { readonly windows?: WcowNetworkManager & Pick<Guest, "capabilities"> };
}

/** The network namespace of a pod on a Windows host, which CNI made in HCN and the specs name, from one boot to its end. */
export class HcnPodNetwork implements PodNetworking<JoiningVm> {
  readonly #options: HcnPodNetworkOptions;
  #controller: HcnNetworkController | undefined;

  constructor(options: HcnPodNetworkOptions) {
    this.#options = options;
  }

  /** The VM's processes are in none of the pod's. */
  open(): undefined {}

  /** Brings the namespace's endpoints into the VM, once; answers its id. Undefined for a spec that names none. */
  async join({ uvm, guest }: JoiningVm, spec: Spec): Promise<string | undefined> {
    const namespaceId = this.#namespaceOf(spec);
    if (namespaceId === undefined) return undefined;
    const controller = this.#controller ?? new HcnNetworkController(namespaceId, this.#options.hcn);
    if (controller.id.toLowerCase() !== namespaceId.toLowerCase()) {
      const has = `pod ${this.#options.podId} is in network namespace ${controller.id}`;
      throw invalidArgument(`${has}; cannot join ${namespaceId} too: its containers share one`);
    }
    this.#controller = controller;
    const read = new AnnotationReader(spec.annotations ?? {}, (message) => this.#options.warn(message));
    const policyBasedRouting = read.bool(boot.policyBasedRouting, false);
    const endpoints = guest.windows
      ? windowsEndpointGuest(guest.windows)
      : linuxEndpointGuest(guest, { namespaceId, policyBasedRouting });
    await controller.setup({ uvm, guest: endpoints });
    return namespaceId;
  }

  checkSave(): void {
    const { length } = this.#controller?.endpoints ?? [];
    if (length === 0) return;
    throw failedPrecondition(
      `pod ${this.#options.podId} has ${length} network adapters, which a restore cannot bring back; cannot save it: run it without a network`,
    );
  }

  /** After the VM's end, which has taken all of it. Never rejects. */
  async close(): Promise<void> {
    const controller = this.#controller;
    this.#controller = undefined;
    await controller
      ?.teardown({ vmGone: true })
      .catch((cause) => this.#options.warn("the pod's network is not released", cause));
  }

  /** Throws invalid-argument for endpoints without a namespace (HNS of before 2018): nothing of them would be told. */
  #namespaceOf({ windows }: Spec): string | undefined {
    const network: unknown = member(windows, "network");
    const endpoints: unknown = member(network, "endpointList");
    if (Array.isArray(endpoints) && endpoints.length > 0) {
      throw invalidArgument(
        `pod ${this.#options.podId}: windows.network.endpointList is not supported: use a networkNamespace`,
      );
    }
    const id: unknown = member(network, "networkNamespace");
    if (id === undefined || id === null || id === "") return undefined;
    if (typeof id === "string") return id;
    throw invalidArgument(`pod ${this.#options.podId}: windows.network.networkNamespace is no text`);
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
