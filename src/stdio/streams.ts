/** Streams that clients open on the shim's own socket, as stdio needs them. */

/** A client's end of a stream, while its connection lives. */
export interface StreamPeer {
  /** The next bytes, in order; undefined once the client has ended its half. Rejects when it is gone. */
  read(): Promise<Uint8Array | undefined>;
  /** Waits until the client takes at least one byte; answers how many it was sent. Rejects when it is gone, or reads no more. */
  write(bytes: Uint8Array): Promise<number>;
  /** Tells it that no more will come. Idempotent. */
  end(): void;
  /** Resolves once the client has ended its half, or is gone: of a reader, that it has all that it wants. */
  readonly ended: Promise<void>;
  /**
   * How many of the bytes that it was sent it may not have read, once it is gone in disorder (killed, with some of them
   * still on their way). 0 otherwise.
   */
  readonly unread: number;
  /** The stream is over for us too; with an error, the client is told that. Idempotent. */
  finish(error?: Error): void;
}

/** One stream's id, held by who serves it. Clients come and go. */
export interface StreamClaim {
  readonly attached: boolean;
  /** The client that is there, or the next one. Rejects once released. */
  peer(): Promise<StreamPeer>;
  /** Serves on, but makes way for whoever claims the id next. */
  linger(): void;
  /** Gives the id back and ends its client's stream. Idempotent. */
  release(): void;
}

export interface StreamSource {
  /** The socket that clients find these streams on. */
  readonly socketPath: string;
  /** Throws already-exists where somebody serves that id, invalid-argument for what is none. */
  claim(id: string): StreamClaim;
}
