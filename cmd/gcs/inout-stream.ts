import { fstatSync } from "node:fs";
import { runtime } from "#runtime";
import type { ByteStream, ByteStreamHandler } from "../../src/sys/byte-stream.ts";

/** stdin and stdout as one stream: what comes in by the one, and goes out by the other. */
export function inoutStream(stdin = 0, stdout = 1): ByteStream {
  const reader = adopt(stdin, "read");
  const writer = adopt(stdout, "write");
  return joinHalves(reader, writer);
}

function adopt(fd: number, direction: "read" | "write"): ByteStream {
  return runtime.adopt(fd, fstatSync(fd).isSocket() ? "socket" : "pipe", direction);
}

/** Closed when both halves are. */
export function joinHalves(reader: ByteStream, writer: ByteStream): ByteStream {
  let open = 2;
  let failure: Error | undefined;
  const closed = (handler: ByteStreamHandler, error: Error | undefined): void => {
    failure ??= error;
    open -= 1;
    if (open === 0) handler.close(failure);
  };
  return {
    open(handler) {
      reader.open({
        data: (chunk) => handler.data(chunk),
        end: () => handler.end(),
        drain() {},
        close: (error) => closed(handler, error),
      });
      writer.open({
        data() {},
        end() {},
        drain: () => handler.drain(),
        close: (error) => closed(handler, error),
      });
    },
    write: (chunk) => writer.write(chunk),
    end: () => writer.end(),
    pause: () => reader.pause(),
    resume: () => reader.resume(),
    destroy(error) {
      reader.destroy(error);
      writer.destroy(error);
    },
  };
}
