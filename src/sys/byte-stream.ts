/**
 * A full-duplex byte stream: a socket, a pipe, a FIFO, a pty master, a channel of
 * a mux, one end of an in-memory pair. Callbacks instead of node:stream, because
 * that module alone costs a tenth of our start-up and because the two halves must
 * close separately on every carrier that we have (bridge stdio half-closes).
 */
export interface ByteStreamHandler {
  /** Bytes from the peer, in order. The receiver owns the chunk: no carrier reuses its memory. */
  data(chunk: Uint8Array): void;
  /** The peer will send no more (half-close, EOF). At most once, after the last `data`. */
  end(): void;
  /** After `write` returned false: there is room again. */
  drain(): void;
  /** Both directions are gone. Exactly once, last; with an error unless both sides ended in good order. */
  close(error?: Error): void;
}

export interface ByteStream {
  /** Starts delivery. Exactly once; nothing is delivered, and nothing lost, before it. */
  open(handler: ByteStreamHandler): void;
  /**
   * Queues the bytes (the stream owns the chunk from now on). False asks the caller to wait for `drain`; the bytes are
   * accepted all the same. After `end` or close: the bytes are dropped, false is returned.
   */
  write(chunk: Uint8Array): boolean;
  /** Half-close: the peer sees EOF after what is queued. Idempotent. */
  end(): void;
  /** Stops and restarts delivery of `data` (back-pressure); `end` is held back too while paused. */
  pause(): void;
  resume(): void;
  /** Both directions at once, queued bytes are dropped. Idempotent; `close` follows. */
  destroy(error?: Error): void;
  /**
   * For a save, by streams that keep such bytes themselves (the mux's and the kernel's are saved by others): `hold` stops
   * all writing to the peer until `release`, and answers with the bytes that the peer does not have. Throws
   * failed-precondition where some are out of our hands (Node's own queue of a full pipe).
   */
  hold?(): Uint8Array;
  release?(): void;
  /** Bytes of the peer's that a paused stream has taken and not delivered. */
  undelivered?(): Uint8Array;
}
