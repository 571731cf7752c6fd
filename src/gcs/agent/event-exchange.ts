import { ShimError } from "../../errors/shim-error.ts";

/** Events that nobody has subscribed to yet, and events that one subscriber has not taken yet. */
const MAX_WAITING = 1024;

interface Subscriber<E> {
  readonly waiting: E[];
  wake: () => void;
  overrun: boolean;
}

/** Events of the guest for whoever listens on the host. What happens while nobody does waits for the next who does. */
export class EventExchange<E> {
  readonly #subscribers = new Set<Subscriber<E>>();
  readonly #limit: number;
  #backlog: E[] = [];

  constructor(limit = MAX_WAITING) {
    this.#limit = limit;
  }

  /** Beyond the limit the oldest that nobody has heard are dropped. */
  publish(event: E): void {
    if (this.#subscribers.size === 0) {
      this.#backlog.push(event);
      if (this.#backlog.length > this.#limit) this.#backlog.shift();
      return;
    }
    for (const subscriber of this.#subscribers) {
      if (subscriber.waiting.length < this.#limit) subscriber.waiting.push(event);
      else subscriber.overrun = true;
      subscriber.wake();
    }
  }

  /**
   * Every event from now on, in order, and before them those that nobody had heard; ends with the signal, and what was not
   * taken by then waits again. Throws resource-exhausted for a subscriber that has left too many waiting.
   */
  async *subscribe({ signal }: { signal: AbortSignal }): AsyncGenerator<E, void> {
    const subscriber: Subscriber<E> = { waiting: this.#backlog, wake: () => undefined, overrun: false };
    const wake = (): void => subscriber.wake();
    this.#backlog = [];
    this.#subscribers.add(subscriber);
    signal.addEventListener("abort", wake);
    try {
      while (!signal.aborted) {
        const [event] = subscriber.waiting;
        if (event !== undefined) {
          yield event;
          subscriber.waiting.shift();
        } else if (subscriber.overrun) {
          throw new ShimError(
            "resource-exhausted",
            `${this.#limit} events were not taken; later ones are lost: listen again`,
          );
        } else {
          await new Promise<void>((resolve) => {
            subscriber.wake = resolve;
          });
        }
      }
    } finally {
      signal.removeEventListener("abort", wake);
      this.#subscribers.delete(subscriber);
      if (this.#subscribers.size === 0) this.#backlog.push(...subscriber.waiting);
    }
  }
}
