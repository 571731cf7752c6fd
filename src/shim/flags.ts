import { invalidArgument } from "../errors/shim-error.ts";

/** What containerd gives on the command line (reference: containerd-shim, 1.2). */
export interface Flags {
  readonly namespace: string;
  readonly id: string;
  /** containerd's gRPC socket. */
  readonly address: string;
  readonly publishBinary: string;
  /** Only on `delete`. */
  readonly bundle: string;
  readonly debug: boolean;
  readonly version: boolean;
  readonly info: boolean;
  /** `start`, `delete`, or empty: serve as the daemon. */
  readonly action: string;
}

const TEXT_FLAGS = ["namespace", "id", "address", "publish-binary", "bundle", "socket", "debug-socket"] as const;
const BOOLEAN_FLAGS = ["debug", "v", "version", "info"] as const;
const ACTIONS = ["start", "delete"];

/**
 * Go's `flag` syntax: one dash or two, `-k v` or `-k=v`. Unlike Go's, flags may follow the action, as their order
 * differs between containerd's releases, and unknown ones are skipped, as the next release may bring them.
 * Throws invalid-argument.
 */
export function parseFlags(args: readonly string[]): Flags {
  const texts = new Map<string, string>();
  const switches = new Map<string, boolean>();
  const words: string[] = [];

  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i] ?? "";
    if (arg === "--") {
      words.push(...args.slice(i + 1));
      break;
    }
    const match = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(arg);
    if (match === null) {
      words.push(arg);
      continue;
    }
    const [, name = "", value] = match;
    const next = args[i + 1];
    if (isOneOf(BOOLEAN_FLAGS, name)) {
      switches.set(name, parseBoolean(name, value ?? "true"));
    } else if (isOneOf(TEXT_FLAGS, name)) {
      if (value === undefined && next === undefined) throw invalidArgument(`flag -${name} needs a value`);
      texts.set(name, value ?? next ?? "");
      if (value === undefined) i += 1;
    } else if (value === undefined && next !== undefined && !next.startsWith("-") && !ACTIONS.includes(next)) {
      // The value of an unknown flag; one that takes none is followed by a flag or the action.
      i += 1;
    }
  }

  return {
    namespace: texts.get("namespace") ?? "",
    id: texts.get("id") ?? "",
    address: texts.get("address") ?? "",
    publishBinary: texts.get("publish-binary") ?? "",
    bundle: texts.get("bundle") ?? "",
    debug: switches.get("debug") ?? false,
    version: switches.get("v") ?? switches.get("version") ?? false,
    info: switches.get("info") ?? false,
    action: words[0] ?? "",
  };
}

/**
 * A namespace, task id or group: it becomes a directory's name, so it must be one harmless path component. containerd's own
 * rule is narrower, and its own to keep: callers without containerd name pods "x#01".
 */
export function checkIdentifier(what: string, value: string): string {
  if (value === "") throw invalidArgument(`${what} is empty: containerd gives it with -${what}`);
  if (value.length > 255 || !/^[A-Za-z0-9][A-Za-z0-9._#-]*$/.test(value)) {
    throw invalidArgument(
      `${what} ${JSON.stringify(value.slice(0, 80))} is not an identifier: letters, digits, ".", "_", "-", "#"`,
    );
  }
  return value;
}

/** What Go's strconv.ParseBool takes. */
function parseBoolean(name: string, value: string): boolean {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(value)) return true;
  if (["0", "f", "F", "false", "FALSE", "False"].includes(value)) return false;
  throw invalidArgument(`flag -${name} is ${JSON.stringify(value)}: give true or false`);
}

function isOneOf(list: readonly string[], name: string): boolean {
  return list.includes(name);
}
