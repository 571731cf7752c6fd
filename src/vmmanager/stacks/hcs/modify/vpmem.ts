import type { VpmemDevice, VpmemMapping } from "../../../vpmem.ts";
import { vpmemDevice, vpmemMapping } from "../schema/storage.ts";
import { DEVICES, type ModifyRequest } from "./request.ts";

export function addDevice({ deviceNumber, hostPath, readOnly, imageFormat = "Vhd1" }: VpmemDevice): ModifyRequest {
  return {
    resourcePath: devicePath(deviceNumber),
    requestType: "Add",
    settings: vpmemDevice.encode({ hostPath, readOnly, imageFormat }),
  };
}

export function removeDevice(deviceNumber: number): ModifyRequest {
  return { resourcePath: devicePath(deviceNumber), requestType: "Remove" };
}

/** Read-only or not, the device says. */
export function addMapping({ hostPath, imageFormat = "Vhd1", ...place }: VpmemMapping): ModifyRequest {
  return {
    resourcePath: mappingPath(place),
    requestType: "Add",
    settings: vpmemMapping.encode({ hostPath, imageFormat }),
  };
}

export function removeMapping(place: Pick<VpmemMapping, "deviceNumber" | "offset">): ModifyRequest {
  return { resourcePath: mappingPath(place), requestType: "Remove" };
}

function devicePath(deviceNumber: number): string {
  return `${DEVICES}/VirtualPMem/Devices/${deviceNumber}`;
}

function mappingPath({ deviceNumber, offset }: Pick<VpmemMapping, "deviceNumber" | "offset">): string {
  return `${devicePath(deviceNumber)}/Mappings/${offset}`;
}
