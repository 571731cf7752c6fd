import { invalidArgument } from "../../../../errors/shim-error.ts";
import type { NetworkAdapter } from "../../../network.ts";
import { networkAdapter } from "../schema/devices.ts";
import { DEVICES, type ModifyRequest } from "./request.ts";

/** Throws invalid-argument for what is no endpoint of the host's network. */
export function addAdapter({ id, macAddress, backend }: NetworkAdapter): ModifyRequest {
  if (backend.kind !== "endpoint") {
    throw invalidArgument(`network adapter ${id} is to have a ${backend.kind}: stack hcs takes endpoints alone`);
  }
  return {
    resourcePath: pathOf(id),
    requestType: "Add",
    // As Windows writes it.
    settings: networkAdapter.encode({
      endpointId: backend.endpointId,
      macAddress: macAddress.replaceAll(":", "-").toUpperCase(),
    }),
  };
}

/** `settings`: those that it was added with, as hcsshim sends them again. */
export function removeAdapter(id: string, settings: unknown): ModifyRequest {
  return { resourcePath: pathOf(id), requestType: "Remove", ...(settings !== undefined && { settings }) };
}

function pathOf(id: string): string {
  return `${DEVICES}/NetworkAdapters/${id}`;
}
