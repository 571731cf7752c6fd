import { asObject } from "../../../../prot/json-codec.ts";
import { type MigrationOptionsInit, migrationOptions } from "../schema/migration.ts";
import { type JsonObject, partOf } from "./applied.ts";

export interface MigrationDestination {
  readonly options: MigrationOptionsInit;
  /** As the source tells it (its CompatibilityInfo); goes over that of the options. */
  readonly compatibility?: Uint8Array;
  /** The disks as they are here, on the wire; undefined: as at the source. */
  readonly scsi?: JsonObject;
}

/** The document of a VM that another host sends, from the one that it has there (hcsshim's CreateVM after an import). */
export function destinationDocument(source: JsonObject, destination: MigrationDestination): JsonObject {
  const { compatibility, scsi } = destination;
  const data = compatibility === undefined ? {} : { compatibilityData: { data: base64(compatibility) } };
  const options = migrationOptions.encode({ ...destination.options, ...data });
  const machine = asObject(source.VirtualMachine, "VirtualMachine");
  const devices = asObject(partOf(source, "VirtualMachine/Devices") ?? {}, "Devices");
  return {
    ...source,
    VirtualMachine: {
      ...machine,
      Devices: { ...devices, ...(scsi !== undefined && { Scsi: scsi }) },
      MigrationOptions: options,
    },
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
