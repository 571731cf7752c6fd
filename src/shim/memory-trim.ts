import type { EventSink, TaskEvent } from "../orchestration/events.ts";

/** Long enough that a container which ends at once, or one that is still being set up, never pays for it. */
const QUIET_MS = 2_000;

export interface MemoryTrimOptions {
  readonly trim: () => void;
  /** A call is being worked at: what it has loaded it needs yet, and a VM may take seconds without an event. */
  readonly isAtWork: () => boolean;
  readonly quietMs?: number;
}

/**
 * Gives memory back once nothing has happened to a container for a while: what starting one takes is then needed no more,
 * and a daemon mostly waits. One timer after the last event, twice, and none while nothing happens; put off while a call
 * is worked at.
 */
export class MemoryTrim {
  readonly #trim: () => void;
  readonly #isAtWork: () => boolean;
  readonly #quietMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor({ trim, isAtWork, quietMs = QUIET_MS }: MemoryTrimOptions) {
    this.#trim = trim;
    this.#isAtWork = isAtWork;
    this.#quietMs = quietMs;
  }

  /** The sink, and each of its events puts the trim off. */
  after(sink: EventSink): EventSink {
    return {
      publish: (event: TaskEvent) => {
        sink.publish(event);
        this.touch();
      },
    };
  }

  touch(): void {
    if (this.#timer !== undefined) {
      this.#timer.refresh();
      return;
    }
    let again = true;
    this.#timer = setTimeout(() => {
      if (this.#isAtWork()) {
        this.#timer?.refresh();
        return;
      }
      this.#trim();
      // What the first one itself used, its garbage collection above all, goes with a second.
      if (again) this.#timer?.refresh();
      else this.#timer = undefined;
      again = false;
    }, this.#quietMs);
    this.#timer.unref();
  }
}
