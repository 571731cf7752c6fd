import type { EventSink, TaskEvent } from "../orchestration/events.ts";

/** Long enough that a container which ends at once, or one that is still being set up, never pays for it. */
const QUIET_MS = 2_000;

/**
 * Gives memory back once nothing has happened to a container for a while: what starting one takes is then needed no more,
 * and a daemon mostly waits. One timer after the last event, twice, and none while nothing happens.
 */
export class MemoryTrim {
  readonly #trim: () => void;
  readonly #quietMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(trim: () => void, quietMs = QUIET_MS) {
    this.#trim = trim;
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
      this.#trim();
      // What the first one itself used, its garbage collection above all, goes with a second.
      if (again) this.#timer?.refresh();
      else this.#timer = undefined;
      again = false;
    }, this.#quietMs);
    this.#timer.unref();
  }
}
