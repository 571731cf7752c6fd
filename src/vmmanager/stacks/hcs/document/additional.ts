import { asObject, parseAt } from "../../../../prot/json-codec.ts";

type Members = Readonly<Record<string, unknown>>;

/**
 * A document with more of it from who makes the VM (hcsshim's AdditionHCSDocumentJSON): objects are merged member by
 * member, anything else of `json` stands in place of what was there, but a null that of no object. Throws invalid-argument
 * for what is no JSON object.
 */
export function withAdditional(document: Members, json: string | undefined): Members {
  if (json === undefined || json === "") return document;
  return merged(document, asObject(parseAt(json, "additional document"), "additional document"));
}

function merged(into: Members, from: Members): Members {
  const own = Object.entries(into).filter(([name]) => !Object.hasOwn(from, name));
  const given = Object.entries(from).map(([name, value]) => {
    const before = Object.hasOwn(into, name) ? into[name] : undefined;
    if (!isMembers(before)) return [name, value];
    return [name, isMembers(value) ? merged(before, value) : (value ?? before)];
  });
  return Object.fromEntries([...own, ...given]);
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
