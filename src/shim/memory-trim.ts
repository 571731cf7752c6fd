import type { EventSink, TaskEvent } from "../orchestration/events.ts";

/** Long enough that a container which ends at once, or one that is still being set up, never pays for it. */
const QUIET_MS = 2_000;
/** Of some 250 containers, which leave about 10 MiB. */
const MOST_EVENTS = 1_000;

export interface MemoryTrimOptions {
  readonly trim: () => void;
  /** Collects garbage, and gives up nothing else. */
  readonly collect: () => void;
  /** A call is being worked at: what it has loaded it needs yet, and a VM may take seconds without an event. */
  readonly isAtWork: () => boolean;
  readonly quietMs?: number;
  readonly mostEvents?: number;
}

/**
 * Gives memory back once nothing has happened to a container for a while: what starting one takes is then needed no more,
 * and a daemon mostly waits. One timer after the last event, twice, and none while nothing happens; put off while a call
 * is worked at. In a pod that is never quiet for so long, garbage alone is collected now and then: the runtime looks at the
 * oldest of it so seldom that it grew by 55 MiB over some thousand containers.
 */
export class MemoryTrim {
  readonly #trim: () => void;
  readonly #collect: () => void;
  readonly #isAtWork: () => boolean;
  readonly #quietMs: number;
  readonly #mostEvents: number;
  #events = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor({ trim, collect, isAtWork, quietMs = QUIET_MS, mostEvents = MOST_EVENTS }: MemoryTrimOptions) {
    this.#trim = trim;
    this.#collect = collect;
    this.#isAtWork = isAtWork;
    this.#quietMs = quietMs;
    this.#mostEvents = mostEvents;
  }

  /** The sink, and each of its events puts the trim off. */
  after(sink: EventSink): EventSink {
    return {
      publish: (event: TaskEvent) => {
        sink.publish(event);
        this.#events += 1;
        if (this.#events === this.#mostEvents) {
          this.#events = 0;
          this.#collect();
        }
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
      this.#events = 0;
      this.#trim();
      // What the first one itself used, its garbage collection above all, goes with a second.
      if (again) this.#timer?.refresh();
      else this.#timer = undefined;
      again = false;
    }, this.#quietMs);
    this.#timer.unref();
  }
}
