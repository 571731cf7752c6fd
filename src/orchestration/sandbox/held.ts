import { notFound, ShimError, unavailable } from "../../errors/shim-error.ts";
import type { ContainerStatistics } from "../../guestmanager/guest.ts";
import type { GuestPod } from "../../guestmanager/pod.ts";
import type { Spec } from "../../oci/spec.ts";
import { isNamespace } from "../../sys/namespace.ts";
import { errorCode } from "../../sys/sys-error.ts";
import type { UtilityVM } from "../../vmmanager/uvm.ts";
import type { ContainerPorts } from "../container/ports.ts";
import { bounded } from "../deadline.ts";
import { memberSpec, type SharedNamespaces } from "./member-spec.ts";
import { sumOf, vmMetrics } from "./metrics.ts";
import { podSettings } from "./pod-settings.ts";
import type { CreateSandbox } from "./ports.ts";
import { sandboxSpec } from "./spec.ts";

export interface SandboxVm {
  readonly uvm: Pick<UtilityVM, "supported" | "properties" | "statistics">;
  readonly guest: GuestPod;
}

interface Measured {
  stats(): Promise<ContainerStatistics>;
}

/** A sandbox that keeps its pod's VM, as the pod knows it. */
export class HeldSandbox {
  readonly #request: CreateSandbox;
  readonly #ports: ContainerPorts;
  readonly #network: SharedNamespaces["network"];
  readonly onLost: () => void;
  #uvm: SandboxVm["uvm"] | undefined;

  /** Throws not-found where its network namespace is gone. */
  constructor(request: CreateSandbox, ports: ContainerPorts, onLost: () => void) {
    this.#request = request;
    this.#ports = ports;
    this.#network = networkOf(request, (message) => ports.warn(message));
    this.onLost = onLost;
  }

  /** Of its VM. */
  spec(): Spec {
    const network = typeof this.#network === "object" ? this.#network.path : undefined;
    return sandboxSpec(this.#ports.loadSpec, this.#request, network);
  }

  /** Of its members. */
  get ports(): ContainerPorts {
    const shared = { network: this.#network, sysctls: this.#request.config?.sysctls ?? {} };
    return { ...this.#ports, loadSpec: (bundle) => memberSpec(this.#ports.loadSpec(bundle), shared) };
  }

  /** In its VM, before its first member. */
  async start(vm: SandboxVm, milliseconds: number): Promise<void> {
    const settings = podSettings(this.#request);
    await bounded(milliseconds, `start of sandbox ${this.#request.id}`, (call) => vm.guest.addPod(settings, call));
    this.#uvm = vm.uvm;
  }

  /** Throws unavailable before its start. */
  async metrics(members: Iterable<Measured>, call: { readonly signal: AbortSignal }): Promise<ContainerStatistics> {
    if (this.#uvm === undefined) throw unavailable(`sandbox ${this.#request.id} has no vm; cannot measure it`);
    const { cgroupsPath } = this.spec().linux ?? {};
    if (this.#uvm.supported("statistics", "read")) return vmMetrics(this.#uvm, cgroupsPath, call);
    const all = await Promise.allSettled([...members].map((member) => member.stats()));
    return sumOf(all.flatMap((each) => (each.status === "fulfilled" ? each.value : [])));
  }
}

/**
 * A file that is no network namespace comes from clients without the right to make one. Members have no network then, as
 * the host's would be more than was asked for.
 */
function networkOf({ id, networkNamespace: path }: CreateSandbox, warn: (message: string) => void) {
  if (path === "") return "host";
  try {
    if (isNamespace(path)) return { path };
  } catch (cause) {
    if (errorCode(cause) !== "ENOENT") throw ShimError.from(cause);
    throw notFound(`sandbox ${id}: its network namespace ${path} does not exist; cannot start it`, cause);
  }
  warn(`sandbox ${id}: ${path} is no network namespace, so its containers are without a network`);
  return "none";
}
