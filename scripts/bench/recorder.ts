import { type Failure, isWhole, type Metric } from "./metric.ts";

export type Finding = { readonly metric: Metric } | { readonly failure: Failure };

/** Takes what a part of the bench measures, step by step. */
export class Recorder {
  readonly #tell: (finding: Finding) => void;
  readonly #now: (what: string) => void;
  readonly #patience: number;

  /**
   * `now` is told what is being measured: what a part hung at has to be known to who ends it. `patience` times the bounds,
   * for a busy machine.
   */
  constructor(tell: (finding: Finding) => void, now: (what: string) => void = () => undefined, patience = 1) {
    this.#tell = tell;
    this.#now = now;
    this.#patience = patience;
  }

  /**
   * One step, within a bound in seconds: it gives metrics that are measured together. One that throws, or lasts longer, is
   * told as a failure, and the part goes on with its next. What lasts is not stopped, but its part's end is.
   */
  async measure(what: string, seconds: number, step: () => Promise<readonly Metric[]>): Promise<void> {
    this.#now(what);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const bound = seconds * this.#patience;
      timer = setTimeout(() => reject(new Error(`no end after ${bound} s`)), bound * 1000);
    });
    try {
      for (const metric of await Promise.race([step(), late])) {
        if (isWhole(metric)) this.#tell({ metric });
        else this.fail(metric.title, "no figure came of it");
      }
    } catch (error) {
      this.fail(what, error);
    } finally {
      clearTimeout(timer);
    }
  }

  fail(what: string, why: unknown): void {
    this.#tell({ failure: { what, why: why instanceof Error ? why.message : String(why) } });
  }
}
