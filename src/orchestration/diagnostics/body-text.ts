import { parseJson, stringifyJson } from "../../oci/json.ts";

const MAX_LENGTH = 64 * 1024;
const HIDDEN = "<hidden>";

/** By member name in lower case: OCI's and HCS's for what may hold secrets. */
const hide = new Map<string, (value: unknown) => unknown>(
  Object.entries({
    env: (value) => (Array.isArray(value) ? value.map(hideAssigned) : HIDDEN),
    environment: hideMembers,
    annotations: hideMembers,
    args: hideArguments,
    commandargs: hideArguments,
    commandline: () => HIDDEN,
    entropy: () => HIDDEN,
    // Processes stand there with their arguments.
    gueststacks: () => HIDDEN,
  }),
);

/** A frame's body to be read by people: JSON, cut at 64 KiB of characters. Without `secrets` names stay and values go. */
export function bodyText(body: Uint8Array, secrets: boolean): string {
  const source = new TextDecoder().decode(body).trim();
  const text = secrets ? source : withoutSecrets(source);
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}... (${text.length} characters)` : text;
}

function withoutSecrets(source: string): string {
  try {
    return stringifyJson(shown(parseJson(source)));
  } catch {
    // Of what is not understood nothing can be said to be no secret.
    return source === "" ? "" : HIDDEN;
  }
}

function shown(value: unknown): unknown {
  // Documents travel as text in a document.
  if (typeof value === "string") return /^\s*[{[]/.test(value) ? withoutSecrets(value) : value;
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const hidden = member === null ? undefined : hide.get(name.toLowerCase());
      return [name, hidden ? hidden(member) : shown(member)];
    }),
  );
}

function hideAssigned(entry: unknown): string {
  const [name = "", value] = String(entry).split("=", 2);
  return value === undefined ? HIDDEN : `${name}=${HIDDEN}`;
}

function hideMembers(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return HIDDEN;
  return Object.fromEntries(Object.keys(value).map((name) => [name, HIDDEN]));
}

/** The program is no secret. */
function hideArguments(value: unknown): unknown {
  return Array.isArray(value) ? value.map((argument, i) => (i === 0 ? argument : HIDDEN)) : HIDDEN;
}
