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
}
