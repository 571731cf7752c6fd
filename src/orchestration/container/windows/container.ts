import { failedPrecondition } from "../../../errors/shim-error.ts";
import type { CreateContainerOptions, GuestContainer } from "../../../guestmanager/guest.ts";
import type { Spec } from "../../../oci/spec.ts";
import type { ReleaseList } from "../../release-list.ts";
import type { CreateTask } from "../../tasks.ts";
import type { HostFiles } from "../mount-plan.ts";
import { podIdOf } from "../pod-id.ts";
import type { ContainerLimits, ContainerVm } from "../ports.ts";
import { bringIntoWindowsVm, planWindowsStorage, type WindowsStoragePlan } from "./storage.ts";

/** hcsshim's IsWCOW. */
export function isWindows({ linux, windows }: Spec): boolean {
  return linux === undefined && windows !== undefined;
}

/** A container of a Windows guest, known before there is a VM. */
export interface WindowsPlan extends WindowsStoragePlan {
  readonly kind: "windows";
}

/** Throws for what cannot be brought into a VM. Changes nothing. */
export function planWindows(request: CreateTask, spec: Spec, files: HostFiles): WindowsPlan {
  return { kind: "windows", ...planWindowsStorage(request, spec, podIdOf(spec, request.id), files) };
}

export interface WindowsCreate {
  readonly id: string;
  readonly spec: Spec;
  readonly vm: ContainerVm;
  readonly held: ReleaseList<unknown>;
  readonly limits: Pick<ContainerLimits, "request">;
  readonly signal: AbortSignal;
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
  return (options) => guest.createContainer(id, document, options);
}
