import type { ByteStream } from "../sys/byte-stream.ts";

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
}

/** Opens both streams and copies with back-pressure. What the sink sends back is dropped. */
export function relay(source: ByteStream, sink: ByteStream): Relay {
  let sourceEnded = false;
  let sinkClosed = false;
  let settle: () => void = () => {};
  const done = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const check = () => {
    if (!sourceEnded || !sinkClosed) return;
    source.end();
    settle();
  };
  const ended = () => {
    sourceEnded = true;
    sink.end();
    check();
  };
  sink.open({
    data() {},
    end() {},
    drain: () => source.resume(),
    close() {
      sinkClosed = true;
      source.resume();
      check();
    },
  });
  source.open({
    data(chunk) {
      if (!sinkClosed && !sink.write(chunk)) source.pause();
    },
    end: ended,
    drain() {},
    close: ended,
  });
  return {
    done,
    stop() {
      source.destroy();
      sink.destroy();
    },
  };
}
