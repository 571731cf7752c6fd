import type { ByteStream } from "../sys/byte-stream.ts";

/** A byte stream that is read and written a chunk at a time. */
export interface PulledStream {
  /** The next chunk; undefined at its end, however that came. One at a time. */
  next(): Promise<Uint8Array | undefined>;
  /** Resolves when there is room for more; false where the stream is closed and the bytes are lost. */
  put(bytes: Uint8Array): Promise<boolean>;
  end(): void;
  destroy(): void;
}

/** Opens it, with the stream at rest between two `next`. */
export function pull(stream: ByteStream): PulledStream {
  const chunks: Uint8Array[] = [];
  let ended = false;
  let closed = false;
  let arrived = (): void => {};
  let drained = (): void => {};
  const over = (): void => {
    ended = true;
    arrived();
  };
  stream.open({
    data(chunk) {
      chunks.push(chunk);
      stream.pause();
      arrived();
    },
    end: over,
    drain: () => drained(),
    close() {
      closed = true;
      over();
      drained();
    },
  });
  return {
    async next() {
      if (chunks.length === 0 && !ended) {
        stream.resume();
        await new Promise<void>((resolve) => {
          arrived = resolve;
        });
      }
      return chunks.shift();
    },
    async put(bytes) {
      if (closed || bytes.length === 0) return !closed;
      if (!stream.write(bytes) && !closed) {
        await new Promise<void>((resolve) => {
          drained = resolve;
        });
      }
      return !closed;
    },
    end: () => stream.end(),
    destroy: () => stream.destroy(),
  };
}
