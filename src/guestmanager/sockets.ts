import type { InitOf } from "../prot/json-codec.ts";
import { RequestType } from "../prot/protocol.ts";
import { mappedSocket } from "../prot/resources/mapped-socket.ts";
import { ResourceType } from "../prot/resources/resource-type.ts";
import type { GuestConnection } from "./connection.ts";
import type { GuestCallOptions } from "./guest.ts";
import { modifyGuest } from "./modify.ts";

type MappedSocket = InitOf<typeof mappedSocket>;

/** Unix sockets of the host in the guest. Ours: another guest refuses them. */
export interface GuestUnixSockets {
  addMappedSocket(settings: MappedSocket, options?: GuestCallOptions): Promise<void>;
  removeMappedSocket(settings: MappedSocket, options?: GuestCallOptions): Promise<void>;
}

export function guestUnixSockets(connection: GuestConnection): GuestUnixSockets {
  const send = (type: RequestType) => (value: MappedSocket, options?: GuestCallOptions) =>
    modifyGuest(connection, ResourceType.mappedSocket, type, { codec: mappedSocket, value }, options);
  return { addMappedSocket: send(RequestType.add), removeMappedSocket: send(RequestType.remove) };
}
