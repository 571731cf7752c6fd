import type { ByteStream, ByteStreamHandler } from "../sys/byte-stream.ts";

/**
 * Opens both streams and copies each way, with back-pressure and half-closes; an error of one resets the other. Resolves
 * when both are closed; never rejects.
 */
export async function splice(a: ByteStream, b: ByteStream): Promise<void> {
  await Promise.all([copy(a, b), copy(b, a)]);
}

function copy(source: ByteStream, sink: ByteStream): Promise<void> {
  return new Promise((resolve) => {
    const handler: ByteStreamHandler = {
      data(chunk) {
        if (!sink.write(chunk)) source.pause();
      },
      end: () => sink.end(),
      // The source takes more again: of what the sink sends.
      drain: () => sink.resume(),
      close(error) {
        // In good order both have ended, and the sink may still have bytes on their way.
        if (error !== undefined) sink.destroy(error);
        resolve();
      },
    };
    source.open(handler);
  });
}
