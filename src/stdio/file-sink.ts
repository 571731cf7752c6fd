import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { openFailed } from "./descriptor.ts";
import type { Sink } from "./sink-stream.ts";

/** A file that is appended to, made with its directories where it is not there. */
export async function fileSink(path: string): Promise<Sink> {
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, "a");
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => {
      closing ??= file.close();
      return closing;
    };
    return {
      async write(bytes) {
        for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
      },
      end: close,
      // Closes once a write under way is done.
      destroy: () => void close().catch(() => undefined),
    };
  } catch (error) {
    throw openFailed(path, error);
  }
}
