import { ShimError } from "../errors/shim-error.ts";
import type { Logger } from "../log/logger.ts";
import type { ConsoleWriter } from "./options.ts";

/** Copies to a caller's writer, and no more of it once that one has failed: a guest's boot does not depend on it. */
export function consoleCopy(writer: ConsoleWriter, log: Logger): (chunk: Uint8Array) => void {
  let failed = false;
  const fail = (error: unknown): void => {
    if (failed) return;
    failed = true;
    log.warn("the console's writer has failed, and gets no more", { error: ShimError.from(error) });
  };
  return (chunk) => {
    if (failed) return;
    try {
      // One that answers with a promise may reject it.
      Promise.resolve(writer.write(chunk)).catch(fail);
    } catch (error) {
      fail(error);
    }
  };
}
