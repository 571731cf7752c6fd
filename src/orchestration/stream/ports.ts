/** What goes over a stream's carrier, both ways. */
export type StreamMessage =
  | { readonly kind: "data"; readonly bytes: Uint8Array }
  /** The sender may send that many bytes more. */
  | { readonly kind: "window"; readonly bytes: number }
  /** Only to a client. */
  | { readonly kind: "progress"; readonly event: string; readonly name: string; readonly bytes: number };

/** One client's connection for one stream: a ttrpc call. */
export interface StreamCarrier {
  /** The next message, undefined once the client has sent its last. Rejects when it is gone, or sent what is none. */
  receive(): Promise<StreamMessage | undefined>;
  /** Resolves when more may be sent. Rejects when the client is gone. */
  send(message: StreamMessage): Promise<void>;
  closeSend(): void;
  /** Aborts when the client is gone, also after it has sent its last. */
  readonly signal: AbortSignal;
  /** The client is gone and has not read all that it was sent. */
  readonly broken: boolean;
}

/** What the streaming service asks of the layer below. */
export interface Streams {
  /**
   * A client has opened the stream; whoever serves it talks to the carrier from now on. `over` settles with the stream.
   * Throws already-exists (it has a client), resource-exhausted (too many that nobody serves), invalid-argument.
   */
  attach(id: string, carrier: StreamCarrier): { readonly over: Promise<void> };
}

export interface StreamLimits {
  /** Streams with a client that nobody serves yet. */
  readonly waiting: number;
  /** How long such a client waits (ms). CRI opens a container's streams when it is created, which may be long before its start. */
  readonly unclaimed: number;
}

export const streamLimits: StreamLimits = { waiting: 1024, unclaimed: 3_600_000 };
