import { isKind, ShimError } from "../errors/shim-error.ts";

/**
 * What has been acquired and how to give it back. `run` goes from the newest to the oldest, goes on past a failure, and
 * keeps what failed: the next `run` tries just that again.
 */
export class ReleaseList<Saved = never> {
  #steps: Step<Saved>[] = [];

  /** `saved`: how it is acquired again by whoever goes on elsewhere. `order`: "first" goes before all that are in turn. */
  add(what: string, release: () => Promise<void>, saved?: Saved, order: "in turn" | "first" = "in turn"): void {
    this.#steps.push({ what, release, isFirst: order === "first", ...(saved !== undefined && { saved }) });
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
    const newestFirst = this.#steps.toReversed();
    for (const step of [
      ...newestFirst.filter((step) => step.isFirst),
      ...newestFirst.filter((step) => !step.isFirst),
    ]) {
      try {
        await step.release();
      } catch (thrown) {
        if (isGone(thrown)) continue;
        kept.push(step);
        failures.push({ what: step.what, error: ShimError.from(thrown, "internal") });
      }
    }
    this.#steps = this.#steps.filter((step) => kept.includes(step));
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
  readonly isFirst: boolean;
  readonly saved?: Saved;
}
