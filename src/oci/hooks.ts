import { invalidArgument } from "../errors/shim-error.ts";
import type { Spec } from "./spec.ts";

/** A hook of the OCI runtime spec (config.md, "POSIX-platform Hooks"). */
export interface Hook {
  /** Absolute. */
  readonly path: string;
  /** With argv[0]; none: the path alone. */
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  /** Seconds. */
  readonly timeout?: number;
}

/** Those that run in the runtime's own namespaces. The other two kinds are the guest's, inside the container. */
export type HostStage = "prestart" | "createRuntime" | "poststart" | "poststop";

/** A timer takes 31 bits of milliseconds. */
const MAX_TIMEOUT_S = 2_000_000;

/** Throws invalid-argument for one that nothing can be run of. */
export function hooksOf(spec: Spec, stage: HostStage): readonly Hook[] {
  const { hooks } = spec;
  const list = typeof hooks === "object" && hooks !== null ? (hooks as Record<string, unknown>)[stage] : undefined;
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) throw invalidArgument(`config.json: hooks.${stage} is not a list`);
  return list.map((hook: unknown) => readHook(hook, stage));
}

function readHook(value: unknown, stage: HostStage): Hook {
  const refuse = (what: string) => invalidArgument(`config.json: hooks.${stage} has one ${what}`);
  const { path, args, env, timeout } = (typeof value === "object" && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  if (typeof path !== "string" || !path.startsWith("/")) throw refuse("without an absolute path");
  const texts = { ...(isGiven(args) && { args }), ...(isGiven(env) && { env }) };
  for (const [name, list] of Object.entries(texts)) {
    if (!isTexts(list)) throw refuse(`whose ${name} is no list of texts`);
  }
  if (isGiven(timeout) && (!Number.isSafeInteger(timeout) || Number(timeout) < 0)) {
    throw refuse("whose timeout is no number of seconds");
  }
  return {
    path,
    ...(texts as Pick<Hook, "args" | "env">),
    ...(isGiven(timeout) && { timeout: Math.min(Number(timeout), MAX_TIMEOUT_S) }),
  };
}

/** JSON null means absent to Go's decoder. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === "string" && !each.includes("\0"));
}
