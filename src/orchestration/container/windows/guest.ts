import { failedPrecondition } from "../../../errors/shim-error.ts";
import type { Spec } from "../../../oci/spec.ts";
import type { WindowsUvm } from "../../../vmmanager/uvm.ts";
import type { VmHost } from "../../vm/ports.ts";
import type { ContainerVm } from "../ports.ts";
import type { WindowsHost } from "./ports.ts";

/** hcsshim's IsWCOW. */
export function isWindows({ linux, windows }: Spec): boolean {
  return linux === undefined && windows !== undefined;
}

/** The part of a running VM that makes Windows containers, where its guest is Windows. */
export function windowsGuestVm(
  { uvm, guest }: Pick<VmHost, "uvm" | "guest">,
  hostOf: ((uvm: WindowsUvm) => WindowsHost) | undefined,
): Pick<ContainerVm, "windows"> {
  if (guest.windows === undefined || uvm.windowsGuest === undefined || hostOf === undefined) return {};
  return { windows: { guest: guest.windows, host: hostOf(uvm.windowsGuest) } };
}

/** Throws failed-precondition for a container that is no Windows one, where the guest is Windows. Nothing is brought yet. */
export function refuseLinux(id: string, { windows }: ContainerVm): void {
  if (windows === undefined) return;
  throw failedPrecondition(`container ${id} is a Linux one, and its vm has a Windows guest; cannot create it there`);
}
