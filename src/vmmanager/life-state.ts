import { failedPrecondition, type ShimError } from "../errors/shim-error.ts";
import type { CallOptions } from "./lifetime.ts";

/** Where the VM of a stack stands in its life. */
export class LifeState<S extends string> {
  readonly #id: string;
  now: S;

  constructor(id: string, now: S) {
    this.#id = id;
    this.now = now;
  }

  /**
   * The new state is taken at once, so that two callers can't both do it, and given back if the call fails; then what
   * `failed` makes of its error is thrown. Throws failed-precondition in any other state than `from`.
   */
  async change(
    verb: string,
    from: S,
    to: S,
    options: CallOptions | undefined,
    call: () => Promise<void>,
    failed: (error: unknown) => unknown,
  ): Promise<void> {
    options?.signal?.throwIfAborted();
    if (this.now !== from) throw this.refusal(verb);
    this.now = to;
    try {
      await call();
    } catch (error) {
      if (this.now === to) this.now = from;
      throw await failed(error);
    }
  }

  refusal(verb: string): ShimError {
    return failedPrecondition(`vm ${this.#id} is ${this.now}; cannot ${verb}`);
  }
}
