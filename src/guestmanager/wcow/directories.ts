import type { InitOf } from "../../prot/json-codec.ts";
import { RequestType } from "../../prot/protocol.ts";
import { ResourceType } from "../../prot/resources/resource-type.ts";
import { wcowMappedDirectory } from "../../prot/resources/wcow.ts";
import type { GuestConnection } from "../connection.ts";
import type { GuestCallOptions } from "../guest.ts";
import { resourceOf } from "../modify.ts";

type MappedDirectory = InitOf<typeof wcowMappedDirectory>;

/** VSMB shares of the host in Windows guests (hcsshim's WCOWDirectoryManager). There is no removal: the container's end is it. */
export interface WcowDirectoryManager {
  addMappedDirectory(settings: MappedDirectory, options?: GuestCallOptions): Promise<void>;
}

export function wcowDirectoryManager(connection: GuestConnection): WcowDirectoryManager {
  const directory = resourceOf(connection, ResourceType.mappedDirectory, wcowMappedDirectory);
  return { addMappedDirectory: directory(RequestType.add) };
}
