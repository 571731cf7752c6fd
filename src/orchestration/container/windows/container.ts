import { failedPrecondition } from "../../../errors/shim-error.ts";
import type { CreateContainerOptions, GuestContainer } from "../../../guestmanager/guest.ts";
import type { Spec } from "../../../oci/spec.ts";
import { asObject } from "../../../prot/json-codec.ts";
import { bounded } from "../../deadline.ts";
import { isGone } from "../../release-list.ts";
import type { CreateTask } from "../../tasks.ts";
import { readWcowLayers } from "../layers/layer-mounts.ts";
import type { HostFiles } from "../mount-plan.ts";
import { podIdOf } from "../pod-id.ts";
import type { ContainerVm } from "../ports.ts";
import { isWindows } from "./guest.ts";
import { bringIntoWindowsVm, planWindowsStorage, type WindowsContext, type WindowsStoragePlan } from "./storage.ts";

/** A container of a Windows guest, known before there is a VM. */
export interface WindowsPlan extends WindowsStoragePlan {
  readonly kind: "windows";
}

/** Throws for what cannot be brought into a VM. Changes nothing. */
export function planWindows(request: CreateTask, spec: Spec, files: HostFiles): WindowsPlan {
  return { kind: "windows", ...planWindowsStorage(request, spec, podIdOf(spec, request.id), files) };
}

export interface WindowsCreate extends Omit<WindowsContext, "vm" | "host"> {
  readonly vm: ContainerVm;
}

/** As the VM is made from it: a Windows guest boots from the layers of the first container, however they are given. */
export function bootSpec(spec: Spec, rootfs: CreateTask["rootfs"]): Spec {
  if (!isWindows(spec) || rootfs.length === 0) return spec;
  const { layers, scratchFolder } = readWcowLayers(rootfs, spec);
  return { ...spec, windows: { ...asObject(spec.windows, "windows"), layerFolders: [...layers, scratchFolder] } };
}

/** Brings it all into the guest; answers how the container is made there. Throws failed-precondition for a Linux guest. */
export async function placeInWindows(
  plan: WindowsPlan,
  create: WindowsCreate,
): Promise<(options: CreateContainerOptions) => Promise<GuestContainer>> {
  const { id, vm } = create;
  const { windows, devices } = vm;
  if (windows === undefined) {
    throw failedPrecondition(`container ${id} is a Windows one, and its vm has a Linux guest; cannot create it there`);
  }
  const { guest, host } = windows;
  const document = await bringIntoWindowsVm(plan, { ...create, vm: { guest, devices }, host });
  const inGuest = new WindowsSystem(id, create);
  create.held.add("system in the guest", () => inGuest.release());
  return (options) => inGuest.made(guest.createContainer(id, document, options));
}

/** In the guest a container goes on after its init: HCS's system there ends by a shutdown alone, and with it all that it holds. */
class WindowsSystem {
  readonly #id: string;
  readonly #limit: number;
  #container: GuestContainer | undefined;
  #ended = false;
  #released = false;

  constructor(id: string, { limits }: WindowsCreate) {
    this.#id = id;
    this.#limit = limits.request;
  }

  made(work: Promise<GuestContainer>): Promise<GuestContainer> {
    const take = async (container: GuestContainer): Promise<void> => {
      this.#container = container;
      // One that comes after all was given back has no other owner.
      if (this.#released) await container.shutdown("forced");
      await container.wait();
      this.#ended = true;
    };
    work.then(take).catch(() => {});
    return work;
  }

  /** Its processes may end by themselves first, as with hcsshim; what a system that has not ended uses can't be taken back. */
  async release(): Promise<void> {
    this.#released = true;
    const container = this.#container;
    if (container === undefined || this.#ended) return;
    try {
      await this.#end(container, "graceful");
    } catch (cause) {
      if (isGone(cause)) throw cause;
      await this.#end(container, "forced");
    }
  }

  async #end(container: GuestContainer, mode: "graceful" | "forced"): Promise<void> {
    await bounded(this.#limit, `${mode} shutdown of container ${this.#id} in the guest`, async (call) => {
      await container.shutdown(mode, call);
      await container.wait(call);
    });
  }
}
