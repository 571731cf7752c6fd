/** The two halves of a streaming call, as handlers and callers see them. */
export interface ReceiveStream<T> extends AsyncIterable<T> {
  /**
   * The next message, in order; undefined once the peer has sent its last, and ever after. Rejects with the error that
   * ended the call. One `receive` at a time.
   */
  receive(): Promise<T | undefined>;
}

export interface SendStream<T> {
  /**
   * Resolves when the connection can take more: await it, or what a slow peer does not read piles up here. Rejects when
   * the message is above 4 MiB (resource-exhausted; the stream lives on), after `closeSend` (failed-precondition),
   * or with the error that ended the call.
   */
  send(message: T): Promise<void>;
}

/** Receives `I`, sends `O`. */
export interface DuplexStream<I, O> extends ReceiveStream<I>, SendStream<O> {
  /** Ends our half; the peer reads to the end and may go on sending. Idempotent. On a server, returning does it. */
  closeSend(): void;
}
