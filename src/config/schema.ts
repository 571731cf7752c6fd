import type { Key } from "./key.ts";
import { qemuKeys } from "./keys/qemu.ts";
import { remotevmKeys } from "./keys/remotevm.ts";
import { runcKeys } from "./keys/runc.ts";
import { shimKeys } from "./keys/shim.ts";

/**
 * Every key of the shim's configuration: the reader checks against it, the settings take their defaults from it, `uvmctl
 * config` tells it, and docs/configuration.md lists it. A table of the file is a file of `keys/`; annotations, the other
 * half of the schema, are in `annotations/`.
 */
export const SCHEMA: readonly Key[] = [...shimKeys, ...runcKeys, ...qemuKeys, ...remotevmKeys];

const byName = new Map<string, Key>();
const tables = new Set<string>();
const known: Key[] = [];
// A start reads this: the array methods, whose code the engine makes at their first use, cost it more than all the keys.
for (const entry of SCHEMA) {
  const { key, type } = entry;
  byName.set(key, entry);
  for (let dot = key.indexOf("."); dot !== -1; dot = key.indexOf(".", dot + 1)) tables.add(key.slice(0, dot));
  if (type.kind !== "ignored") known.push(entry);
}

/** By their dotted names. */
export const KEYS: ReadonlyMap<string, Key> = byName;

/** Dotted names that have keys below them. */
export const TABLES: ReadonlySet<string> = tables;

/** What a configuration may say: without the keys that are accepted and not used. */
export const KNOWN_KEYS: readonly Key[] = known;
