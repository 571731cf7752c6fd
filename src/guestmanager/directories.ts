import type { InitOf } from "../prot/json-codec.ts";
import { RequestType } from "../prot/protocol.ts";
import { lcowMappedDirectory } from "../prot/resources/mapped-directory.ts";
import { ResourceType } from "../prot/resources/resource-type.ts";
import type { GuestConnection } from "./connection.ts";
import type { GuestCallOptions } from "./guest.ts";
import { modifyGuest } from "./modify.ts";

type MappedDirectory = InitOf<typeof lcowMappedDirectory>;

/** Plan9 shares of the host in Linux guests. */
export interface GuestDirectories {
  addMappedDirectory(settings: MappedDirectory, options?: GuestCallOptions): Promise<void>;
  removeMappedDirectory(settings: MappedDirectory, options?: GuestCallOptions): Promise<void>;
}

export function guestDirectories(connection: GuestConnection): GuestDirectories {
  const send = (type: RequestType) => (value: MappedDirectory, options?: GuestCallOptions) =>
    modifyGuest(connection, ResourceType.mappedDirectory, type, { codec: lcowMappedDirectory, value }, options);
  return { addMappedDirectory: send(RequestType.add), removeMappedDirectory: send(RequestType.remove) };
}
