import { existsSync, writeFileSync } from "node:fs";
import { invalidArgument, ShimError } from "../errors/shim-error.ts";
import { type Action, Terms } from "./terms.ts";

declare global {
  /**
   * True in a build for tests, false in ours: the build's `--define`, so that what stands behind it is not in the product.
   * Every call of `failpoint` does: `if (globalThis.UVM_SHIM_FAILPOINTS) await failpoint("vm.boot");`
   */
  var UVM_SHIM_FAILPOINTS: boolean | undefined;
}

/** `point=terms;point=terms`, for all shims of a containerd that was started with it. */
export const FAILPOINTS_VARIABLE = "UVM_SHIM_FAILPOINTS";
/** The name that containerd's own test shim knows, and a point after it. */
export const FAILPOINT_ANNOTATION = "io.containerd.runtime.v2.shim.failpoint.";

const HOLD_LOOK_MS = 10;
const points = new Map<string, Terms>();

/** Sets the points of this process. Throws invalid-argument for text that is no term. */
export function armFailpoints(
  env: Readonly<Record<string, string | undefined>>,
  annotations: Readonly<Record<string, string>>,
): void {
  points.clear();
  for (const part of (env[FAILPOINTS_VARIABLE] ?? "").split(";")) {
    if (part.trim() === "") continue;
    const at = part.indexOf("=");
    if (at === -1) throw invalidArgument(`${FAILPOINTS_VARIABLE}: ${JSON.stringify(part)} has no "="`);
    arm(part.slice(0, at).trim(), part.slice(at + 1));
  }
  for (const [name, terms] of Object.entries(annotations)) {
    if (name.startsWith(FAILPOINT_ANNOTATION)) arm(name.slice(FAILPOINT_ANNOTATION.length), terms);
  }
}

/** A name without a dot is a method of the task API, as containerd writes it: Create. */
function arm(name: string, terms: string): void {
  points.set(name.includes(".") ? name : `task.${name.toLowerCase()}`, new Terms(terms));
}

/** Does what this point is set to, if anything. Rejects for `error`. */
export async function failpoint(name: string): Promise<void> {
  const terms = points.get(name);
  if (terms !== undefined) await run(name, terms.next());
}

async function run(name: string, action: Action): Promise<void> {
  switch (action.kind) {
    case "off":
      return;
    case "error":
      throw new ShimError("internal", action.message);
    case "sleep":
      return await pause(action.ms);
    case "jump":
      return shiftClock(action.ms);
    case "kill":
      process.kill(process.pid, "SIGKILL");
      return await never();
    case "panic":
      // Out of every promise: an uncaught exception, which is what a mistake of ours would be.
      setImmediate(() => {
        throw new Error(`failpoint ${name}: ${action.message}`);
      });
      return await never();
    case "hold":
      writeFileSync(`${action.path}.reached`, name);
      while (!existsSync(action.path)) await pause(HOLD_LOOK_MS);
  }
}

/** The wall clock of this process: what is left that looks at it must be able to bear that. */
function shiftClock(ms: number): void {
  const Before = Date;
  globalThis.Date = class extends Before {
    constructor(...given: [] | [number]) {
      if (given.length === 0) super(Before.now() + ms);
      else super(...given);
    }

    static override now(): number {
      return Before.now() + ms;
    }
  } as DateConstructor;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function never(): Promise<never> {
  return new Promise(() => {});
}
