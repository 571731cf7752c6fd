import type { InitOf } from "../prot/json-codec.ts";
import { RequestType } from "../prot/protocol.ts";
import { lcowMappedDirectory } from "../prot/resources/mapped-directory.ts";
import { ResourceType } from "../prot/resources/resource-type.ts";
import type { GuestConnection } from "./connection.ts";
import type { GuestCallOptions } from "./guest.ts";
import { resourceOf } from "./modify.ts";

type MappedDirectory = InitOf<typeof lcowMappedDirectory>;

/** Plan9 shares of the host in Linux guests (hcsshim's LCOWDirectoryManager). */
export interface GuestDirectories {
  /** hcsshim's AddLCOWMappedDirectory. */
  addMappedDirectory(settings: MappedDirectory, options?: GuestCallOptions): Promise<void>;
  /** hcsshim's RemoveLCOWMappedDirectory. */
  removeMappedDirectory(settings: MappedDirectory, options?: GuestCallOptions): Promise<void>;
}

export function guestDirectories(connection: GuestConnection): GuestDirectories {
  const directory = resourceOf(connection, ResourceType.mappedDirectory, lcowMappedDirectory);
  return { addMappedDirectory: directory(RequestType.add), removeMappedDirectory: directory(RequestType.remove) };
}
