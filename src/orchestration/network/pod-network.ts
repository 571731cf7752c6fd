import { join } from "node:path";
import { failedPrecondition } from "../../errors/shim-error.ts";
import { hooksOf } from "../../oci/hooks.ts";
import type { Spec } from "../../oci/spec.ts";
import type { HostNetwork } from "../../vmmanager/host-network/host-network.ts";
import { NetworkController } from "./controller.ts";
import type { NetworkVm } from "./ports.ts";

export interface PodNetworkOptions {
  readonly podId: string;
  /** For a namespace of our own. */
  readonly stateDirectory: string;
  readonly host: HostNetwork;
  warn(message: string, cause?: unknown): void;
}

/** What a pod asks of its network, on whichever host. */
export interface PodNetworking<Vm = NetworkVm> {
  /** Before the boot: the namespace for the VM's processes, if they are to be in another than this host's. */
  open(spec: Spec): string | undefined;
  /** Before a container is made in the guest: answers the guest's name of its namespace. */
  join(vm: Vm, spec: Spec): Promise<string | undefined>;
  /** Throws failed-precondition where it has what no restore could bring back. */
  checkSave(): void;
  /** After the VM's end. Never rejects. */
  close(): Promise<void>;
}

/**
 * The network namespace on this host of a pod whose containers are in a VM, from one boot of that VM to its end. CNI
 * made it, and the specs name its path (CRI); or a spec asks for a private one, which we make, and which hooks may fill
 * (nerdctl). The VM's own processes live in it.
 */
export class PodNetwork implements PodNetworking {
  readonly #options: PodNetworkOptions;
  #controller: NetworkController | undefined;
  #own: string | undefined;
  /** Those whose teardown failed; tried again with each close. */
  #unreleased: NetworkController[] = [];

  constructor(options: PodNetworkOptions) {
    this.#options = options;
  }

  /** Before the boot: the namespace for the VM's processes. Undefined: the pod shares this host's. */
  open(spec: Spec): string | undefined {
    const wanted = networkOf(spec);
    if (wanted === undefined) return undefined;
    if (wanted.path) return wanted.path;
    if (this.#own === undefined) {
      const path = join(this.#options.stateDirectory, "netns");
      // What a killed daemon left.
      this.#options.host.removeNamespace(path);
      this.#options.host.makeNamespace(path);
      this.#own = path;
    }
    return this.#own;
  }

  /**
   * Before a container is made in the guest: its namespace's links are brought into the VM. Answers the guest's name of
   * that namespace; undefined for a container that keeps what its spec says, be it private or the guest's own.
   */
  async join(vm: NetworkVm, spec: Spec): Promise<string | undefined> {
    const wanted = networkOf(spec);
    const path = wanted?.path || (wanted && this.#own);
    if (!path) return undefined;
    // Only hooks put something into ours, and the guest is waiting: to look costs three programs.
    if (!wanted?.path && this.#controller === undefined && !mayBeFilled(spec)) return undefined;
    this.#controller ??= new NetworkController(this.#options.podId, this.#options.host);
    await this.#controller.setup(vm, path);
    // Two that each want a private one do not share it, unless there is something in it.
    return wanted?.path || this.#controller.adapters > 0 ? this.#controller.namespaceId : undefined;
  }

  /** Throws failed-precondition where the VM has adapters: whoever restored it would have to give each its wire again. */
  checkSave(): void {
    const adapters = this.#controller?.adapters ?? 0;
    if (adapters === 0) return;
    throw failedPrecondition(
      `pod ${this.#options.podId} has ${adapters} network adapters, which a restore cannot bring back; cannot save it: run it without a network`,
    );
  }

  /** After the VM's end. Never rejects: what is left is told, and tried again with the next close. */
  async close(): Promise<void> {
    const all = [...this.#unreleased, ...(this.#controller ? [this.#controller] : [])];
    this.#controller = undefined;
    this.#unreleased = [];
    for (const controller of all) {
      try {
        await controller.teardown({ vmGone: true });
      } catch (cause) {
        this.#unreleased.push(controller);
        this.#options.warn("the pod's network is not released", cause);
      }
    }
    const own = this.#own;
    if (own === undefined) return;
    this.#own = undefined;
    try {
      this.#options.host.removeNamespace(own);
    } catch (cause) {
      this.#options.warn(`network namespace ${own} is not removed`, cause);
    }
  }
}

function mayBeFilled(spec: Spec): boolean {
  return (["prestart", "createRuntime"] as const).some((stage) => hooksOf(spec, stage).length > 0);
}

function networkOf({ linux }: Spec): { readonly path?: string } | undefined {
  return linux?.namespaces?.find(({ type }) => type === "network");
}
