import { invalidArgument } from "../../errors/shim-error.ts";
import type { Spec } from "../../oci/spec.ts";
import { assignedDeviceTypes, parseAssignedDevice } from "../../vmmanager/options/assigned-devices.ts";
import type { VpciRequest } from "../device/vpci/ports.ts";

/** A device of the spec's `windows.devices`: hcsshim's users give Linux containers the host's devices so. */
export interface DevicePlan {
  readonly idType: string;
  readonly request: VpciRequest;
}

/** Throws invalid-argument for one of another type, which hcsshim's containers refuse too. */
export function planDevices({ windows }: Spec): DevicePlan[] {
  const given = (windows as { readonly devices?: unknown } | undefined)?.devices;
  if (!Array.isArray(given)) return [];
  return (given as readonly { readonly id?: unknown; readonly idType?: unknown }[]).map(({ id, idType }) => {
    if (typeof id !== "string" || id === "" || typeof idType !== "string" || !assignedDeviceTypes.includes(idType)) {
      throw invalidArgument(
        `device ${String(id)} is of type ${String(idType)}; cannot assign it: use ${assignedDeviceTypes.join(", ")}`,
      );
    }
    const { instancePath: address, virtualFunction } = parseAssignedDevice(id);
    return { idType, request: { address, virtualFunction } };
  });
}
