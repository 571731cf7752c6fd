import { koffi } from "./ffi.ts";
import { type Overlapped, overlappedCalls } from "./overlapped.ts";
import { lastError, type NativeSocket, winsock } from "./winsock.ts";
import { winsockError } from "./winsock-error.ts";
import { winsockConstants } from "./winsock-signatures.ts";

/** OVERLAPPED_ENTRY {key, OVERLAPPED *, internal, bytes}. */
const ENTRY_BYTES = 32;
const ENTRIES = 64;
/** A wait takes one of libuv's threads, so it is cut into slices: the process may end between them. */
const SLICE_MS = 250;

/** `bytes` went; or the operation failed. */
export type Completion = (error: Error | undefined, bytes: number) => void;

interface Pending {
  readonly socket: NativeSocket;
  readonly operation: Overlapped;
  readonly call: string;
  readonly completed: Completion;
}

/**
 * What tells of the end of overlapped operations on sockets: one for the process, and one thread of libuv's pool that waits,
 * as long as there is an operation. Each operation's memory is kept here until the kernel is done with it.
 */
class CompletionPort {
  readonly #port: number;
  readonly #pending = new Map<bigint, Pending>();
  #waiting = false;

  constructor() {
    this.#port = Number(overlappedCalls().CreateIoCompletionPort(-1, 0, 0, 1));
    if (this.#port === 0) throw winsockError(lastError(), "CreateIoCompletionPort");
  }

  /** Once for each socket, before its first operation. */
  associate(socket: NativeSocket): void {
    if (Number(overlappedCalls().CreateIoCompletionPort(socket, this.#port, 0, 0)) === 0) {
      throw winsockError(lastError(), "CreateIoCompletionPort");
    }
  }

  /** `completed` is called later in any case; throws where the operation did not begin. */
  start(pending: Pending, begin: () => unknown): void {
    pending.operation.reset();
    const address = koffi().address(pending.operation.pointer);
    const error = begin() === 0 ? 0 : lastError();
    if (error !== 0 && error !== winsockConstants.ERROR_IO_PENDING) throw winsockError(error, pending.call);
    this.#pending.set(address, pending);
    void this.#wait();
  }

  async #wait(): Promise<void> {
    if (this.#waiting) return;
    this.#waiting = true;
    const entries = new BigUint64Array((ENTRY_BYTES / 8) * ENTRIES);
    const count = new Uint32Array(1);
    while (this.#pending.size > 0) {
      const found = await new Promise((resolve) => {
        const args = [this.#port, entries, ENTRIES, count, SLICE_MS, 0];
        overlappedCalls().GetQueuedCompletionStatusEx.async(...args, (_error, result) => resolve(result));
      });
      if (found === 0) continue;
      for (let at = 0; at < (count[0] ?? 0); at++) {
        const address = entries[at * 4 + 1] ?? 0n;
        const pending = this.#pending.get(address);
        this.#pending.delete(address);
        if (pending !== undefined) tell(pending, Number((entries[at * 4 + 3] ?? 0n) & 0xffff_ffffn));
      }
    }
    this.#waiting = false;
  }
}

/** The NTSTATUS of a failed operation is Winsock's to translate. */
function tell({ socket, operation, call, completed }: Pending, bytes: number): void {
  if (operation.status === 0) {
    completed(undefined, bytes);
    return;
  }
  const done = winsock().WSAGetOverlappedResult(socket, operation.pointer, new Uint32Array(1), 0, new Uint32Array(1));
  completed(winsockError(done === 0 ? lastError() : 995, call), 0);
}

let shared: CompletionPort | undefined;
export function completionPort(): CompletionPort {
  shared ??= new CompletionPort();
  return shared;
}
