import { isKind, ShimError } from "../errors/shim-error.ts";

/**
 * What has been acquired and how to give it back. `run` goes from the newest to the oldest, goes on past a failure, and
 * keeps what failed: the next `run` tries just that again.
 */
export class ReleaseList<Saved = never> {
  #steps: Step<Saved>[] = [];

  /** `saved`: how it is acquired again by whoever goes on elsewhere. */
  add(what: string, release: () => Promise<void>, saved?: Saved): void {
    this.#steps.push({ what, release, ...(saved !== undefined && { saved }) });
  }

  /** Of what is held, in the order of its acquisition. */
  get saved(): readonly Saved[] {
    return this.#steps.flatMap(({ saved }) => (saved === undefined ? [] : [saved]));
  }

  get held(): readonly string[] {
    return this.#steps.map((step) => step.what);
  }

  /** Throws the first failure, with all of them in its message. */
  async run(): Promise<void> {
    const kept: Step<Saved>[] = [];
    const failures: { what: string; error: ShimError }[] = [];
    for (const step of this.#steps.toReversed()) {
      try {
        await step.release();
      } catch (thrown) {
        if (isGone(thrown)) continue;
        kept.unshift(step);
        failures.push({ what: step.what, error: ShimError.from(thrown, "internal") });
      }
    }
    this.#steps = kept;
    const [first] = failures;
    if (first === undefined) return;
    const text = failures.map(({ what, error }) => `${what}: ${error.message}`).join("; ");
    throw new ShimError(first.error.kind, `cannot release ${text}`, { cause: first.error });
  }
}

/** Already gone counts as released: the thing itself (not-found), or the guest with all it held (unavailable). */
export function isGone(thrown: unknown): boolean {
  return isKind(thrown, "not-found") || isKind(thrown, "unavailable");
}

interface Step<Saved> {
  readonly what: string;
  readonly release: () => Promise<void>;
  readonly saved?: Saved;
}
