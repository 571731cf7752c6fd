import { KNOWN_KEYS } from "../../../src/config/schema.ts";
import type { Settings } from "../../../src/config/settings.ts";

/** What holds, and who said so. */
export interface Effective {
  readonly name: string;
  /** Undefined: nothing is set, and nothing stands in for it. */
  readonly value: string | number | boolean | undefined;
  readonly unit: string;
  readonly from: string;
}

/** What containerd tells a start beside its options, and what goes over the configuration then. */
const CONTAINERD_SAYS = ["log_level", "socket_directory"];

/** Every key with the value that the settings have of it. */
export function effectiveKeys(settings: Settings): Effective[] {
  return KNOWN_KEYS.map(({ key, unit = "", fallback, otherwise }) => {
    const value = valueIn(settings, key);
    const origin = settings.origins?.[key];
    const isDefault = value === undefined || value === "" || value === fallback;
    const from = origin ?? (isDefault ? defaultWords(otherwise) : changedBy(key));
    return { name: key, value: value === "" ? undefined : value, unit, from };
  });
}

function defaultWords(otherwise: string | undefined): string {
  return otherwise === undefined ? "default" : `default: ${otherwise}`;
}

/** Not set, and no default: a maximum is never below what it is the maximum of. */
function changedBy(key: string): string {
  return CONTAINERD_SAYS.includes(key) ? "containerd" : key.replace("max_", "");
}

/** `qemu.memory_mib` is `qemu.memoryMiB` of the settings: one name in two spellings. */
function valueIn(settings: Settings, key: string): Effective["value"] {
  const found = key.split(".").reduce<unknown>((table, name) => {
    const members = Object.entries((table ?? {}) as Readonly<Record<string, unknown>>);
    return members.find(([member]) => member.toLowerCase() === name.replaceAll("_", ""))?.[1];
  }, settings);
  if (Array.isArray(found)) return found.join(" ");
  return typeof found === "string" || typeof found === "number" || typeof found === "boolean" ? found : undefined;
}
