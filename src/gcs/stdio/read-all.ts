import type { ByteStream } from "../../sys/byte-stream.ts";

/** All that the stream brings until it ends or closes, as text; what exceeds `limit` bytes is read and dropped. */
export function readAll(stream: ByteStream, limit: number): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    const finish = (): void => resolve(new TextDecoder().decode(Buffer.concat(chunks)));
    stream.open({
      data(chunk) {
        if (length >= limit) return;
        chunks.push(chunk.subarray(0, limit - length));
        length += chunk.length;
      },
      end: finish,
      drain() {},
      close: finish,
    });
  });
}
