import type { ByteStream, ByteStreamHandler } from "../../sys/byte-stream.ts";

/** A terminal's one stream as the two that relays work on. `open` it through both halves; it is opened with the second. */
export function duplexHalves(stream: ByteStream): { readonly reader: ByteStream; readonly writer: ByteStream } {
  let reading: ByteStreamHandler | undefined;
  let writing: ByteStreamHandler | undefined;
  const opened = (): void => {
    if (reading === undefined || writing === undefined) return;
    const [reader, writer] = [reading, writing];
    stream.open({
      data: (chunk) => reader.data(chunk),
      end: () => reader.end(),
      drain: () => writer.drain(),
      close: (error) => {
        reader.close(error);
        writer.close(error);
      },
    });
  };
  const half = (open: (handler: ByteStreamHandler) => void): ByteStream => ({
    open(handler) {
      open(handler);
      opened();
    },
    write: (chunk) => stream.write(chunk),
    // A terminal has no half-close: the end of the host's input is not the end of the terminal.
    end() {},
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    destroy: (error) => stream.destroy(error),
  });
  return {
    reader: half((handler) => {
      reading = handler;
    }),
    writer: half((handler) => {
      writing = handler;
    }),
  };
}
