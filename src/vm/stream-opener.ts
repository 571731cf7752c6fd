import { alreadyExists, invalidArgument, isKind, ShimError, unavailable } from "../errors/shim-error.ts";
import { unlessAborted } from "../errors/unless-aborted.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import { MAX_GREETING_BYTES, nameStream } from "../transport/agent/greeting.ts";
import type { RunningVm } from "./boot.ts";

/** Names the guest's connections that stand by: one by one is a stream. */
export class StreamOpener {
  /** Of those under way here; the guest knows those that it has taken and nobody has claimed. */
  readonly #opening = new Set<string>();

  /** Rejects with the signal's reason, already-exists, invalid-argument, or unavailable with what ended the VM. */
  async open(id: string, running: Promise<RunningVm>, signal: AbortSignal): Promise<ByteStream> {
    const bytes = Buffer.byteLength(id);
    if (bytes < 1 || bytes > MAX_GREETING_BYTES) {
      throw invalidArgument(`a stream's id has ${bytes} bytes; cannot open it: use 1 to ${MAX_GREETING_BYTES}`);
    }
    if (this.#opening.has(id)) throw alreadyExists(`stream ${id} is being opened; cannot open another: use another id`);
    this.#opening.add(id);
    try {
      const { streams } = await unlessAborted(running, signal).catch((error) => {
        signal.throwIfAborted();
        throw unavailable(`no VM runs that stream ${id} could lead to: ${ShimError.from(error).message}`, error);
      });
      for (;;) {
        const connection = await streams.accept({ signal });
        try {
          return await nameStream(connection, id, { signal });
        } catch (error) {
          // That connection was gone already: the guest dials others. Where there is no guest, `accept` says so.
          if (signal.aborted || !isKind(error, "unavailable")) throw error;
        }
      }
    } finally {
      this.#opening.delete(id);
    }
  }
}
