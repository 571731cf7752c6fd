import type { Annotation } from "../../config/annotations/annotation.ts";
import { ShimError } from "../../errors/shim-error.ts";
import { bool, i32, list, optional, type TypeOf, text, u64 } from "../../prot/json-codec.ts";
import { field, record } from "../../prot/json-record.ts";
import type { AnnotationReader } from "./annotation-reader.ts";
import { readGoJson, wireNames } from "./go-json.ts";

export const registryKey = record({
  hive: field("Hive", text, "omitempty"),
  name: field("Name", text, "omitempty"),
  volatile: field("Volatile", bool, "omitempty"),
});

/** RegistryValue: the member of its type alone is set. */
export const registryValue = record({
  key: field("Key", optional(registryKey), "omitempty"),
  name: field("Name", text, "omitempty"),
  type: field("Type", text, "omitempty"),
  stringValue: field("StringValue", text, "omitempty"),
  binaryValue: field("BinaryValue", text, "omitempty"),
  dwordValue: field("DWordValue", i32, "omitempty"),
  // hcsshim's field is 32 bits wide, and refuses the annotation where a value needs its 64.
  qwordValue: field("QWordValue", u64, "omitempty"),
  /** Of type CustomType: its number; the data is in the binary value. */
  customType: field("CustomType", i32, "omitempty"),
});
export type RegistryValue = TypeOf<typeof registryValue>;

const names = wireNames(registryKey, registryValue);
const hives = ["System", "Software", "Security", "Sam"];
const types = ["None", "String", "ExpandedString", "MultiString", "Binary", "DWord", "QWord", "CustomType"];

/** Where values may be set: anything else could change the VM at will. Paths in lower case. */
const allowed: readonly (readonly [hive: string, path: string])[] = [
  ["System", "currentcontrolset\\services"],
  ["System", "currentcontrolset\\policies"],
  ["System", "software"],
  ["Software", ""],
];

/** The registry values of an annotation; each that is wrong or not permitted is warned of and left out. */
export function readRegistryValues(read: AnnotationReader, row: Annotation<"json">): readonly RegistryValue[] {
  const source = read.text(row);
  if (source === "") return [];
  const at = `annotation ${row.name}`;
  let values: readonly RegistryValue[];
  try {
    values = readGoJson(list(registryValue), names, source, at);
  } catch (error) {
    read.warn(`${ShimError.from(error).message}: it is passed over`);
    return [];
  }
  return values.filter((value, i) => {
    const wrong = whatIsWrong(value);
    if (wrong !== undefined) read.warn(`${at}: value ${i} is passed over: ${wrong}`);
    return wrong === undefined;
  });
}

function whatIsWrong({ key, name, type, ...value }: RegistryValue): string | undefined {
  if (key === undefined) return "it has no key";
  if (!hives.includes(key.hive)) return `its hive is ${JSON.stringify(key.hive)}, not one of ${hives.join(", ")}`;
  if (key.name === "") return "its key has no name";
  if (name === "") return "it has no name";
  if (!types.includes(type)) return `its type is ${JSON.stringify(type)}, not one of ${types.join(", ")}`;
  const set = [value.stringValue !== "", value.binaryValue !== "", value.dwordValue !== 0, value.qwordValue !== 0n];
  if (set.filter(Boolean).length > 1) return "it has values of several types";
  const path = key.name.toLowerCase();
  const permitted = allowed.some(([hive, start]) => key.hive === hive && path.startsWith(start));
  return permitted ? undefined : `${key.hive}\\${key.name} may not be set`;
}
