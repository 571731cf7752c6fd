import { hvSocketService } from "../../../options/hv-socket.ts";
import type { SocketServiceConfig } from "../../../vm-socket.ts";
import { DEVICES, type ModifyRequest } from "./request.ts";

/** One that is not there is made. Disabled and without descriptors, HCS takes it for a removal. */
export function updateService(serviceId: string, config: SocketServiceConfig): ModifyRequest {
  return { resourcePath: pathOf(serviceId), requestType: "Update", settings: hvSocketService.encode(config) };
}

export function removeService(serviceId: string): ModifyRequest {
  return { resourcePath: pathOf(serviceId), requestType: "Remove" };
}

function pathOf(serviceId: string): string {
  return `${DEVICES}/HvSocket/HvSocketConfig/ServiceTable/${serviceId}`;
}
