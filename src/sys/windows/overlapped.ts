import { loadNative, systemLibrary } from "./ffi.ts";
import { overlappedSignatures } from "./winsock-signatures.ts";

/** STATUS_PENDING, which Windows keeps in OVERLAPPED.Internal until the operation is over. */
const PENDING = 0x103n;
const OVERLAPPED_BYTES = 32;

/**
 * An OVERLAPPED and what else the kernel writes to while its operation lasts: memory of its own that never moves. Whoever
 * starts the operation must keep this object until it is `over`.
 */
export class Overlapped {
  readonly #words: BigUint64Array;
  /** The OVERLAPPED itself. */
  readonly pointer: Uint8Array;
  /** `extra` bytes behind it. */
  readonly extra: Uint8Array;

  constructor(extra: number) {
    const memory = new ArrayBuffer(OVERLAPPED_BYTES + extra);
    this.#words = new BigUint64Array(memory, 0, OVERLAPPED_BYTES / 8);
    this.pointer = new Uint8Array(memory, 0, OVERLAPPED_BYTES);
    this.extra = new Uint8Array(memory, OVERLAPPED_BYTES);
  }

  /** Before each operation. */
  reset(): void {
    this.pointer.fill(0);
  }

  get over(): boolean {
    return this.#words[0] !== PENDING;
  }

  /** The NTSTATUS of an operation that is over; 0: done. */
  get status(): number {
    return Number((this.#words[0] ?? 0n) & 0xffff_ffffn);
  }
}

let kernel: ReturnType<typeof load> | undefined;
const load = () => loadNative(systemLibrary("kernel32.dll"), overlappedSignatures);

/** kernel32.dll's calls of overlapped operations. */
export function overlappedCalls(): ReturnType<typeof load> {
  kernel ??= load();
  return kernel;
}

/** Asks for the end of one operation; it may be done all the same. */
export function cancel(handle: number, operation: Overlapped): void {
  overlappedCalls().CancelIoEx(handle, operation.pointer);
}
