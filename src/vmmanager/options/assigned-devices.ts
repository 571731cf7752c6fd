import { win32 } from "node:path";
import { parseU32 } from "../../config/annotations/go-values.ts";
import { invalidArgument } from "../../errors/shim-error.ts";
import type { Warn } from "./annotation-reader.ts";
import type { VmSpec } from "./windows-resources.ts";

/** A device of the host that the VM gets whole. */
export interface AssignedDevice {
  readonly instancePath: string;
  readonly virtualFunction: number;
}

/** OCI's `idType`. */
export const assignedDeviceTypes: readonly string[] = ["vpci-instance-id", "vpci", "gpu"];

/** Of a spec's `windows.devices`; those of other types are warned of. Throws invalid-argument for one given twice. */
export function readAssignedDevices({ windows }: VmSpec, warn: Warn): readonly AssignedDevice[] {
  const given = (windows as { readonly devices?: unknown } | undefined)?.devices;
  const devices: AssignedDevice[] = [];
  for (const { id, idType } of Array.isArray(given) ? (given as readonly Record<string, unknown>[]) : []) {
    if (typeof id !== "string" || !assignedDeviceTypes.includes(String(idType))) {
      warn(
        `device ${String(id)} is passed over: its type is ${String(idType)}, not one of ${assignedDeviceTypes.join(", ")}`,
      );
      continue;
    }
    const device = parseAssignedDevice(id);
    const same = ({ instancePath, virtualFunction }: AssignedDevice) =>
      instancePath === device.instancePath && virtualFunction === device.virtualFunction;
    if (devices.some(same)) {
      throw invalidArgument(`device ${device.instancePath}, function ${device.virtualFunction}, is given twice`);
    }
    devices.push(device);
  }
  return devices;
}

/** A number behind the last separator is the virtual function. */
export function parseAssignedDevice(id: string): AssignedDevice {
  const last = win32.basename(id);
  const index = parseU32(last);
  return index !== undefined && index <= 0xffff
    ? { instancePath: win32.dirname(id), virtualFunction: index }
    : { instancePath: id, virtualFunction: 0 };
}
