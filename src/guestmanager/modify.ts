import type { Codec } from "../prot/json-codec.ts";
import { NULL_ID, type RequestType } from "../prot/protocol.ts";
import type { ResourceType } from "../prot/resources/resource-type.ts";
import { rpcs } from "../prot/rpc.ts";
import type { GuestConnection } from "./connection.ts";
import type { GuestCallOptions } from "./guest.ts";

/** One ModifySettings on the guest itself. `settings` undefined: the request has none. */
export async function modifyGuest<T, Init>(
  connection: GuestConnection,
  resourceType: ResourceType,
  requestType: RequestType,
  settings: { readonly codec: Codec<T, Init>; readonly value: Init } | undefined,
  options?: GuestCallOptions,
): Promise<void> {
  await modify(connection, NULL_ID, resourceType, requestType, settings, options);
}

/** The ModifySettings of one resource of the guest: by request type, then with the settings. */
export function resourceOf<T, Init>(connection: GuestConnection, resourceType: ResourceType, codec: Codec<T, Init>) {
  return (requestType: RequestType) =>
    (value: Init, options?: GuestCallOptions): Promise<void> =>
      modifyGuest(connection, resourceType, requestType, { codec, value }, options);
}

/** One ModifySettings on a container, or with the null id on the guest. */
export async function modify<T, Init>(
  connection: GuestConnection,
  containerId: string,
  resourceType: ResourceType,
  requestType: RequestType,
  settings: { readonly codec: Codec<T, Init>; readonly value: Init } | undefined,
  options?: GuestCallOptions,
): Promise<void> {
  const request = { resourceType, requestType, settings: settings?.codec.encode(settings.value) };
  await connection.call(rpcs.modifySettings, { containerId, request }, options);
}
