import type { ByteStream } from "../sys/byte-stream.ts";
import { QueuedStream } from "../sys/queued-stream.ts";
import { SysError } from "../sys/sys-error.ts";

/** What takes bytes one call after the other. */
export interface Sink {
  write(bytes: Uint8Array): Promise<void>;
  /** After the last write is done. Resolves when whoever reads has all, as far as that can be known. */
  end(): Promise<void>;
  /** Ends what is under way, too. Idempotent. */
  destroy(): void;
}

/** The sink as a stream that is written only. */
export function sinkStream(sink: Sink): ByteStream {
  const stream = new QueuedStream("write");
  let busy = 0;
  let last = Promise.resolve();
  const failed = (error: unknown) => stream.onGone(SysError.from(error, "write"));
  stream.attach({
    get full() {
      return busy > 0;
    },
    get queued() {
      return busy;
    },
    write(bytes) {
      busy = bytes.length;
      last = sink.write(bytes);
      last.then(() => {
        busy = 0;
        stream.onWritable();
      }, failed);
      return bytes.length;
    },
    shutdown() {
      last.then(() => sink.end()).then(() => stream.onShut(), failed);
    },
    setReading() {},
    release: () => sink.destroy(),
  });
  return stream;
}
