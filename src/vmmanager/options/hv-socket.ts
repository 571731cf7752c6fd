import { parseGuid } from "../../config/annotations/go-values.ts";
import { boot } from "../../config/annotations/vm-boot.ts";
import { ShimError } from "../../errors/shim-error.ts";
import { bool, type TypeOf, text } from "../../prot/json-codec.ts";
import { field, record } from "../../prot/json-record.ts";
import type { AnnotationReader } from "./annotation-reader.ts";
import { readGoJson, wireNames } from "./go-json.ts";

/** HvSocketServiceConfig: who may bind and connect to one service. Security descriptors are SDDL. */
export const hvSocketService = record({
  bindSecurityDescriptor: field("BindSecurityDescriptor", text, "omitempty"),
  connectSecurityDescriptor: field("ConnectSecurityDescriptor", text, "omitempty"),
  allowWildcardBinds: field("AllowWildcardBinds", bool, "omitempty"),
  disabled: field("Disabled", bool, "omitempty"),
});
export type HvSocketService = TypeOf<typeof hvSocketService>;

const names = wireNames(hvSocketService);

/** Services of the annotations, by GUID; one whose GUID or value is none is warned of. */
export function readHvSocketServices({ values, warn }: AnnotationReader): ReadonlyMap<string, HvSocketService> {
  const services = new Map<string, HvSocketService>();
  // In the order of their names, so that of two spellings of one GUID always the same one holds.
  for (const [name, value] of Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!name.startsWith(boot.hvSocketService.name)) continue;
    const guid = parseGuid(name.slice(boot.hvSocketService.name.length));
    if (guid === undefined) {
      warn(`annotation ${name} ends in no GUID: it is passed over`);
      continue;
    }
    if (services.has(guid)) warn(`annotation ${name} is there in another spelling too: this one holds`);
    try {
      services.set(guid, readGoJson(hvSocketService, names, value, `annotation ${name}`));
    } catch (error) {
      warn(`${ShimError.from(error).message}: it is passed over`);
    }
  }
  return services;
}
