import type { Settings } from "../../../src/config/settings.ts";

/** What one look at this host has found. */
export interface Finding {
  readonly verdict: "ok" | "warning" | "failure";
  readonly what: string;
  /** How to mend it; of all but "ok". */
  readonly remedy?: string;
}

/** This host as the checks see it; a test shows another one. */
export interface CheckedHost {
  readonly platform: string;
  readonly arch: string;
  readonly uid: number;
  /** The executable that we are a part of: the shim's. */
  readonly program: string;
  /** PATH. */
  readonly path: string;
  /** Undefined where it can't be read. */
  read(path: string): string | undefined;
  /** May it be used: "r", "rw" or "x". */
  usable(path: string, mode: "r" | "rw" | "x"): boolean;
  /** Undefined where there is nothing. */
  stat(path: string): { readonly isDirectory: boolean; readonly uid: number; readonly mode: number } | undefined;
  /** stdout of a program that ended with 0; undefined otherwise, and where it takes longer than a few seconds. */
  run(argv: readonly string[]): Promise<string | undefined>;
}

export interface CheckContext {
  readonly host: CheckedHost;
  readonly settings: Settings;
  /** containerd's socket. */
  readonly address: string;
}

/** One thing that a pod needs; one file each. Never throws. */
export interface Check {
  readonly name: string;
  run(context: CheckContext): Promise<readonly Finding[]>;
}

export const ok = (what: string): Finding => ({ verdict: "ok", what });
export const warning = (what: string, remedy: string): Finding => ({ verdict: "warning", what, remedy });
export const failure = (what: string, remedy: string): Finding => ({ verdict: "failure", what, remedy });

/** Where a program is that is named by a path, or found on PATH. */
export function programOf({ host }: CheckContext, name: string): string | undefined {
  const places = name.includes("/") ? [name] : host.path.split(":").map((directory) => `${directory}/${name}`);
  return places.find((place) => place.startsWith("/") && host.usable(place, "x"));
}

/** The first version in a text, and whether it is that or a later one. */
export function versionIn(
  text: string,
  least: readonly [number, number],
): { version: string; isEnough: boolean } | undefined {
  const found = /(\d+)\.(\d+)(?:\.\d+)?/.exec(text);
  if (found === null) return undefined;
  const [major, minor] = [Number(found[1]), Number(found[2])];
  return { version: found[0], isEnough: major > least[0] || (major === least[0] && minor >= least[1]) };
}
