import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { invalidArgument, notFound, ShimError } from "../errors/shim-error.ts";
import { parseJson } from "./json.ts";

/**
 * Views of the OCI runtime spec's config.json: the members that the shim reads. Everything else is carried through
 * untouched, so an edited spec is always a copy of the parsed one (integers may be bigint, see `parseJson`).
 */
export interface Spec {
  readonly ociVersion: string;
  readonly hostname?: string;
  readonly root?: SpecRoot;
  readonly process?: SpecProcess;
  readonly mounts?: readonly SpecMount[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly linux?: SpecLinux;
  readonly [member: string]: unknown;
}

export interface SpecRoot {
  readonly path: string;
  readonly readonly?: boolean;
  readonly [member: string]: unknown;
}

export interface SpecProcess {
  readonly cwd: string;
  readonly terminal?: boolean;
  readonly consoleSize?: { readonly width: number; readonly height: number };
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  readonly user?: Readonly<Record<string, unknown>>;
  readonly [member: string]: unknown;
}

export interface SpecMount {
  readonly destination: string;
  readonly type?: string;
  readonly source?: string;
  readonly options?: readonly string[];
  readonly [member: string]: unknown;
}

export interface SpecLinux {
  readonly cgroupsPath?: string;
  readonly namespaces?: readonly SpecNamespace[];
  readonly resources?: Readonly<Record<string, unknown>>;
  readonly [member: string]: unknown;
}

export interface SpecNamespace {
  readonly type: string;
  readonly path?: string;
}

export function specPath(bundle: string): string {
  return join(bundle, "config.json");
}

/**
 * Reads `<bundle>/config.json`. Throws not-found (no bundle, no config.json), permission-denied (unreadable) or
 * invalid-argument (not a directory, not JSON, not a runtime spec).
 */
export function loadSpec(bundle: string): Spec {
  const path = specPath(bundle);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw explainRead(bundle, path, error);
  }
  return parseSpec(text, path);
}

/** `where` names the document in errors. Throws invalid-argument. */
export function parseSpec(text: string, where: string): Spec {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    throw invalidArgument(`OCI spec ${where} is ${ShimError.from(error).message}`, error);
  }
  return checkSpec(value, where);
}

/** The objects, and lists of them, that `Spec` names. */
interface Named {
  readonly [member: string]: Named;
}
const NAMED: Named = { root: {}, process: {}, mounts: {}, linux: { namespaces: {} } };

/**
 * Checks the members named in `Spec`, no others: the runtime is the judge of the rest. JSON null means absent to Go's
 * decoder: where the shim looks, such members are left out. Throws invalid-argument.
 */
export function checkSpec(value: unknown, where: string): Spec {
  if (!isObject(value)) throw invalidArgument(`OCI spec ${where}: is not a JSON object`);
  const spec = withoutNulls(value, NAMED) as Record<string, unknown>;
  const problem = findProblem(spec);
  if (problem !== undefined) throw invalidArgument(`OCI spec ${where}: ${problem}`);
  return spec as unknown as Spec;
}

function withoutNulls(value: unknown, named: Named): unknown {
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const item of value) items.push(withoutNulls(item, named));
    return items;
  }
  if (!isObject(value)) return value;
  const given = { ...value };
  for (const [name, member] of Object.entries(value)) {
    if (member === null) delete given[name];
    else if (Object.hasOwn(named, name)) given[name] = withoutNulls(member, named[name] ?? {});
  }
  return given;
}

function findProblem(spec: Record<string, unknown>): string | undefined {
  const { root, process, mounts, annotations, linux } = spec;
  if (typeof spec.ociVersion !== "string") return "ociVersion is not a string";
  if (!optional(spec.hostname, isString)) return "hostname is not a string";
  if (!optional(root, (r) => isObject(r) && isString(r.path))) return "root has no path";
  if (!optional(process, isObject)) return "process is not an object";
  if (isObject(process)) {
    if (!optional(process.cwd, isString)) return "process.cwd is not a string";
    if (!optional(process.args, isStrings)) return "process.args is not a list of strings";
    if (!optional(process.env, isStrings)) return "process.env is not a list of strings";
    if (!optional(process.terminal, (t) => typeof t === "boolean")) return "process.terminal is not a boolean";
  }
  if (!optional(mounts, (list) => isListOf(list, isMount))) {
    return "mounts is not a list of mounts with a destination, texts for type and source, and a list of options";
  }
  if (!optional(annotations, (a) => isObject(a) && isStrings(Object.values(a)))) {
    return "annotations is not a map of strings";
  }
  if (!optional(linux, isObject)) return "linux is not an object";
  if (isObject(linux)) {
    if (!optional(linux.cgroupsPath, isString)) return "linux.cgroupsPath is not a string";
    if (!optional(linux.namespaces, (list) => isListOf(list, isNamespace))) {
      return "linux.namespaces is not a list of namespaces with a type, and a text for the path";
    }
    if (!optional(linux.resources, isObject)) return "linux.resources is not an object";
  }
  return undefined;
}

function explainRead(bundle: string, path: string, error: unknown): ShimError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") {
    const bundleExists = statSync(bundle, { throwIfNoEntry: false }) !== undefined;
    return bundleExists
      ? notFound(`bundle ${bundle} has no config.json`, error)
      : notFound(`bundle ${bundle} does not exist`, error);
  }
  if (code === "ENOTDIR") return invalidArgument(`bundle ${bundle} is not a directory`, error);
  if (code === "EACCES" || code === "EPERM") {
    return new ShimError("permission-denied", `OCI spec ${path} is not readable`, { cause: error });
  }
  return invalidArgument(`OCI spec ${path} cannot be read: ${ShimError.from(error).message}`, error);
}

function isMount(value: unknown): boolean {
  if (!isObject(value) || !isString(value.destination)) return false;
  return optional(value.type, isString) && optional(value.source, isString) && optional(value.options, isStrings);
}

function isNamespace(value: unknown): boolean {
  return isObject(value) && isString(value.type) && optional(value.path, isString);
}

function optional(value: unknown, check: (value: unknown) => boolean): boolean {
  return value === undefined || check(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isListOf(value: unknown, check: (item: unknown) => boolean): boolean {
  if (!Array.isArray(value)) return false;
  for (const item of value) if (!check(item)) return false;
  return true;
}

function isStrings(value: unknown): boolean {
  return isListOf(value, isString);
}
