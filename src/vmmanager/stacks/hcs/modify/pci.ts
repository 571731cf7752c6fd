import type { PciDevice } from "../../../pci.ts";
import { vpciDevice } from "../schema/storage.ts";
import { DEVICES, type ModifyRequest } from "./request.ts";

export function assignDevice({ id, address, virtualFunction, propagateNumaAffinity }: PciDevice): ModifyRequest {
  return {
    resourcePath: pathOf(id),
    requestType: "Add",
    settings: vpciDevice.encode({
      functions: [{ deviceInstancePath: address, virtualFunction }],
      propagateNumaAffinity,
    }),
  };
}

export function removeDevice(id: string): ModifyRequest {
  return { resourcePath: pathOf(id), requestType: "Remove" };
}

function pathOf(id: string): string {
  return `${DEVICES}/VirtualPci/${id}`;
}
