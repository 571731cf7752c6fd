import { cLibrary } from "./c-library.ts";
import { SysError } from "./sys-error.ts";

const signatures = {
  calloc: ["pointer", "u64", "u64"],
  free: ["void", "pointer"],
  /** Two names for one copy: each takes the JavaScript side as the other argument. */
  memcpy: ["pointer", "pointer", "buffer", "u64"],
  memmove: ["pointer", "buffer", "pointer", "u64"],
} as const;

const libc = cLibrary(signatures);

/**
 * A zeroed block of C memory, for structures that hold pointers to one another. The
 * address of a TypedArray is no substitute: it is good for the time of one call only.
 */
export class NativeMemory {
  readonly address: number;
  readonly size: number;
  #freed = false;

  constructor(size: number) {
    const address = Number(libc().calloc(1, size).value);
    if (address === 0) throw new SysError(12, "calloc");
    this.address = address;
    this.size = size;
  }

  write(offset: number, bytes: Uint8Array): void {
    this.#checkRange(offset, bytes.length);
    libc().memcpy(this.address + offset, bytes, bytes.length);
  }

  writeU64(offset: number, value: number | bigint): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
    this.write(offset, bytes);
  }

  read(offset: number, length: number): Uint8Array<ArrayBuffer> {
    this.#checkRange(offset, length);
    const bytes = new Uint8Array(length);
    if (length > 0) libc().memmove(bytes, this.address + offset, length);
    return bytes;
  }

  /** Idempotent. */
  free(): void {
    if (this.#freed) return;
    this.#freed = true;
    libc().free(this.address);
  }

  #checkRange(offset: number, length: number): void {
    if (this.#freed || offset < 0 || offset + length > this.size) {
      throw new RangeError(`native block of ${this.size} bytes has no bytes ${offset} to ${offset + length}`);
    }
  }
}
