import type { ByteStream } from "../sys/byte-stream.ts";

const NOTHING = new Uint8Array();

/** One direction of a process's stdio, on its way from one stream to another. */
export interface Relay {
  /**
   * Resolves when the source has ended and the sink has taken all of it and is closed (the source is half-closed then:
   * a guest withholds the exit code until it sees that). A sink that goes away early does not end it: what still comes is
   * dropped, so that the writer is never blocked by the loss of its reader. Never rejects; who waits bounds the wait.
   */
  readonly done: Promise<void>;
  /** Ends it now, both streams are destroyed, what is on its way is lost. Idempotent. */
  stop(): void;
  /** Stands still until `release`: what it has taken from the source, or the source from its peer, and the sink's peer has not. */
  hold(): Uint8Array;
  release(): void;
}

/**
 * Opens both streams and copies with back-pressure. What the sink sends back is dropped. `leftover` (what `hold` told in
 * another life) goes first; a source that had ended then is undefined.
 */
export function relay(source: ByteStream | undefined, sink: ByteStream, leftover?: Uint8Array): Relay {
  let sourceEnded = false;
  let sinkClosed = false;
  let sinkFull = false;
  let held = false;
  let settle: () => void = () => {};
  const done = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const check = () => {
    if (!sourceEnded || !sinkClosed) return;
    source?.end();
    settle();
  };
  const ended = () => {
    sourceEnded = true;
    sink.end();
    check();
  };
  const flow = () => {
    if (!held && !sinkFull) source?.resume();
  };
  const write = (chunk: Uint8Array) => {
    if (sinkClosed || sink.write(chunk)) return;
    sinkFull = true;
    source?.pause();
  };
  sink.open({
    data() {},
    end() {},
    drain() {
      sinkFull = false;
      flow();
    },
    close() {
      sinkClosed = true;
      sinkFull = false;
      flow();
      check();
    },
  });
  if (leftover !== undefined && leftover.length > 0) write(leftover);
  if (source === undefined) ended();
  else source.open({ data: write, end: ended, drain() {}, close: ended });
  return {
    done,
    stop() {
      source?.destroy();
      sink.destroy();
      // A channel of a suspended mux tells of no end.
      settle();
    },
    hold() {
      held = true;
      source?.pause();
      return Buffer.concat([sink.hold?.() ?? NOTHING, source?.undelivered?.() ?? NOTHING]);
    },
    release() {
      held = false;
      sink.release?.();
      flow();
    },
  };
}
