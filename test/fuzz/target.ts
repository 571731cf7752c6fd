import { type ErrorKind, ShimError } from "../../src/errors/shim-error.ts";
import type { Damage } from "./damage.ts";
import type { Random } from "./random.ts";

/** What an input came to: taken, or refused with an error of this kind. */
export type Outcome = "ok" | ErrorKind;

/** One thing that reads what others write. Its corpus is `corpus/<name>/`, one file an input. */
export interface Target {
  readonly name: string;
  /** Its part of a run's inputs, against the others'. */
  readonly weight: number;
  readonly damage: Damage;
  /** An input that is mostly right, beside those of the corpus. */
  readonly generate?: (dice: Random) => Uint8Array;
  /**
   * Feeds one input, the same way each time for the same bytes. A ShimError that it throws is an outcome; anything else is a
   * finding.
   */
  readonly run: (input: Uint8Array) => Outcome | Promise<Outcome>;
  /** Now and then: whatever a run piles up must be gone. */
  readonly rest?: () => Promise<void>;
  readonly close?: () => Promise<void>;
}

/** Opened for a run: a target may hold a directory, or a server. */
export type TargetModule = () => Target | Promise<Target>;

/** The outcome of a finished connection. */
export function outcomeOf(reason: unknown): Outcome {
  if (reason === undefined) return "ok";
  if (!(reason instanceof ShimError))
    throw new Error("a connection ended with what is no ShimError", { cause: reason });
  throw reason;
}

/** An error of ours that in truth is a mistake of ours: the runtime raised it, and somebody wrapped it. Undefined for others. */
export function mistakeIn(thrown: unknown): Error | undefined {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 8; error = error.cause, depth += 1) {
    if (error instanceof ReferenceError) return error;
    // TextDecoder's and node's own argument errors carry a code; those of `undefined.x` do not.
    if (error instanceof TypeError && !("code" in error && error.code === "ERR_ENCODING_INVALID_ENCODED_DATA"))
      return error;
    if (error instanceof RangeError && /call stack|array length|string length|buffer|allocation/i.test(error.message)) {
      return error;
    }
  }
  return undefined;
}
