import { isKind } from "../errors/shim-error.ts";
import type { ForwardRequest } from "../generated/containerd/services/events/ttrpc/v1.ts";
import type { Logger } from "../log/logger.ts";
import type { EventSink, TaskEvent } from "../orchestration/events.ts";
import { envelopeOf } from "./envelope.ts";

/** One try to hand an event to containerd. Rejects where it did not arrive, or may not have. */
export interface Forwarder {
  forward(request: ForwardRequest, options: { signal: AbortSignal }): Promise<void>;
  /** Idempotent. */
  close(): void;
}

export interface PublisherOptions {
  readonly namespace: string;
  /** Undefined: the caller has no events service (an empty TTRPC_ADDRESS, as CRI-O gives); events are only logged. */
  readonly forwarder: Forwarder | undefined;
  readonly log: Logger;
  /** How long an event is worth trying. */
  readonly maxAgeMs?: number;
  readonly maxQueued?: number;
  /** Bound of one try. */
  readonly attemptMs?: number;
  /** The first pause after a failure; it doubles up to the other. */
  readonly minPauseMs?: number;
  readonly maxPauseMs?: number;
}

interface Queued {
  readonly request: ForwardRequest;
  readonly topic: string;
  readonly containerId: string;
  /** Monotonic: a clock that is set, or a host that slept, must not cost an event. */
  readonly expiresAt: number;
}

/**
 * Events to containerd, strictly in order: one queue whose head is tried until it arrives or is too old, as an exit that
 * overtakes its start confuses every client. Containerd may be away for minutes (a restart, an upgrade); the API never
 * waits for it. Bounded in age and in number; what is dropped is an error in the log.
 */
export class Publisher implements EventSink {
  readonly #options: Required<PublisherOptions>;
  readonly #queue: Queued[] = [];
  readonly #stop = new AbortController();
  #sending = false;
  /** Somebody answered, once at least. */
  #heard = false;
  #closing = false;
  #wake: (() => void) | undefined;
  #idle: (() => void)[] = [];

  constructor(options: PublisherOptions) {
    this.#options = {
      maxAgeMs: 10 * 60_000,
      maxQueued: 4096,
      attemptMs: 5000,
      minPauseMs: 50,
      maxPauseMs: 5000,
      ...options,
    };
  }

  /** Events that containerd has not taken yet. */
  get queued(): number {
    return this.#queue.length;
  }

  publish(event: TaskEvent): void {
    const { namespace, forwarder, log, maxAgeMs, maxQueued } = this.#options;
    const { topic, containerId } = event;
    log.debug("event", { ...event });
    if (forwarder === undefined || this.#stop.signal.aborted) return;
    if (this.#queue.length >= maxQueued) {
      // The head may be arriving right now.
      const [lost] = this.#queue.splice(1, 1);
      log.error("too many events wait for containerd: the oldest is dropped", describe(lost));
    }
    const request = envelopeOf(event, namespace, new Date());
    this.#queue.push({ request, topic, containerId, expiresAt: performance.now() + maxAgeMs });
    if (!this.#sending) {
      this.#sending = true;
      // #send handles its own failures: there is nobody to tell but the log.
      void this.#send(forwarder);
    }
  }

  /**
   * Gives the queue up to `milliseconds` to empty, then stops for good. What is left is an error in the log. Where nobody
   * ever took an event there is no containerd that could come back (a client of the shim's own, as shimtest is): one more try.
   */
  async close(milliseconds: number): Promise<void> {
    this.#closing = true;
    if (this.#sending) {
      const empty = new Promise<void>((resolve) => this.#idle.push(resolve));
      const timer = setTimeout(() => this.#stop.abort(), milliseconds);
      // A pause between two tries would cost the whole budget.
      this.#wake?.();
      await empty;
      clearTimeout(timer);
    }
    this.#stop.abort();
    this.#options.forwarder?.close();
    for (const lost of this.#queue.splice(0)) {
      this.#options.log.error("the shim ends before this event reached containerd", describe(lost));
    }
  }

  async #send(forwarder: Forwarder): Promise<void> {
    const { log, attemptMs, minPauseMs, maxPauseMs } = this.#options;
    let pause = minPauseMs;
    for (let head = this.#queue[0]; head !== undefined && !this.#stop.signal.aborted; head = this.#queue[0]) {
      const last = this.#closing && !this.#heard;
      const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(attemptMs)]);
      const error = await attempt(forwarder.forward(head.request, { signal }));
      this.#heard ||= error === undefined || isKind(error, "invalid-argument");
      if (error === undefined) {
        this.#queue.shift();
        pause = minPauseMs;
      } else if (isKind(error, "invalid-argument") || performance.now() >= head.expiresAt) {
        this.#queue.shift();
        log.error("containerd did not take an event: it is dropped", { ...describe(head), error });
      } else if (last) {
        break;
      } else if (!this.#stop.signal.aborted) {
        log.debug("containerd did not take an event yet", { ...describe(head), error, pause });
        // Jitter: all the shims of a host see containerd come back at the same moment.
        await this.#sleep(pause * (0.5 + Math.random()));
        pause = Math.min(pause * 2, maxPauseMs);
      }
    }
    this.#sending = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#stop.signal.removeEventListener("abort", done);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.#wake = done;
      this.#stop.signal.addEventListener("abort", done);
    });
  }
}

async function attempt(forwarded: Promise<void>): Promise<unknown> {
  try {
    await forwarded;
    return undefined;
  } catch (error) {
    return error ?? new Error("rejected without a reason");
  }
}

function describe(event: Queued | undefined): { topic?: string; containerId?: string } {
  return event === undefined ? {} : { topic: event.topic, containerId: event.containerId };
}
