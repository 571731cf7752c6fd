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

/** What a configuration may say: without the keys that are accepted and not used. */
export const KNOWN_KEYS: readonly Key[] = SCHEMA.filter(({ type }) => type.kind !== "ignored");
