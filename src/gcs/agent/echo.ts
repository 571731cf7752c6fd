import type { ByteStream } from "../../sys/byte-stream.ts";

/** Opens the stream and sends back all that comes, then its end. Answers how many bytes; rejects with the stream's error. */
export function echo(stream: ByteStream): Promise<bigint> {
  return new Promise((resolve, reject) => {
    let bytes = 0n;
    stream.open({
      data(chunk) {
        bytes += BigInt(chunk.length);
        if (!stream.write(chunk)) stream.pause();
      },
      end: () => stream.end(),
      drain: () => stream.resume(),
      close: (error) => (error === undefined ? resolve(bytes) : reject(error)),
    });
  });
}
