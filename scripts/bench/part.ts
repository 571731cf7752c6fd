import type { Recorder } from "./recorder.ts";

/** A part of the bench: what is measured on the same machines, and a section of the page. */
export interface Part {
  readonly title: string;
  /** What is run, in a sentence or two. */
  readonly about: string;
  /** Bound of the whole part. */
  readonly seconds: number;
  /** Left out of a quick run that does not name it. */
  readonly slow?: true;
  /** Records what it can; rejects where its machines can't be had. */
  run(record: Recorder, quick: boolean): Promise<void>;
}
