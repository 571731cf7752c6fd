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

export function hooksOf(spec: Spec, stage: HostStage): readonly Hook[] {
  const { hooks } = spec;
  const list = typeof hooks === "object" && hooks !== null ? (hooks as Record<string, unknown>)[stage] : undefined;
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) throw invalidArgument(`config.json: hooks.${stage} is not a list`);
  return list.map((hook: unknown) => {
    if (isHook(hook)) return hook;
    throw invalidArgument(`config.json: hooks.${stage} has one without an absolute path`);
  });
}

function isHook(value: unknown): value is Hook {
  if (typeof value !== "object" || value === null || !("path" in value)) return false;
  return typeof value.path === "string" && value.path.startsWith("/");
}
