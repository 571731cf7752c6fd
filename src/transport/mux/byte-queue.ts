/** Chunks shorter than half of this are joined while they wait: a byte that waits must not cost an object. */
const JOIN_SIZE = 4096;

/** Bytes that wait, in order. Memory held is about what `length` says, however small the chunks were. */
export class ByteQueue {
  #chunks: Uint8Array[] = [];
  #head = 0;
  #length = 0;
  /** The memory behind the last chunk, where that is ours and has room. */
  #tail: { readonly memory: Uint8Array; filled: number } | undefined;

  get length(): number {
    return this.#length;
  }

  /** Takes over the chunk. */
  push(chunk: Uint8Array): void {
    if (chunk.byteLength === 0) return;
    const empty = this.#length === 0;
    this.#length += chunk.byteLength;
    if (empty || chunk.byteLength >= JOIN_SIZE / 2) {
      this.#chunks.push(chunk);
      this.#tail = undefined;
      return;
    }
    const tail = this.#tail;
    if (tail === undefined || tail.filled + chunk.byteLength > JOIN_SIZE) {
      const memory = new Uint8Array(JOIN_SIZE);
      memory.set(chunk);
      this.#tail = { memory, filled: chunk.byteLength };
      this.#chunks.push(memory.subarray(0, chunk.byteLength));
      return;
    }
    tail.memory.set(chunk, tail.filled);
    tail.filled += chunk.byteLength;
    this.#chunks[this.#chunks.length - 1] = tail.memory.subarray(0, tail.filled);
  }

  /** The next chunk, as it waits here; undefined when empty. */
  shift(): Uint8Array | undefined {
    return this.take(this.#chunks[this.#head]?.byteLength ?? 0);
  }

  /** The next bytes, as many as there are up to `max`, in one piece; undefined when that is none. */
  take(max: number): Uint8Array | undefined {
    const count = Math.min(max, this.#length);
    if (count === 0) return undefined;
    this.#length -= count;
    // What was handed out is its receiver's: nothing is joined to that memory any more.
    if (this.#length < (this.#chunks.at(-1)?.byteLength ?? 0)) this.#tail = undefined;
    const first = this.#chunks[this.#head];
    if (first !== undefined && first.byteLength >= count) {
      this.#advance(first, count);
      return first.subarray(0, count);
    }
    const joined = new Uint8Array(count);
    for (let at = 0; at < count; ) {
      const chunk = this.#chunks[this.#head];
      if (chunk === undefined) break;
      const part = chunk.subarray(0, count - at);
      joined.set(part, at);
      at += part.byteLength;
      this.#advance(chunk, part.byteLength);
    }
    return joined;
  }

  clear(): void {
    this.#chunks = [];
    this.#head = 0;
    this.#length = 0;
    this.#tail = undefined;
  }

  /** All that waits, in one piece; it stays here. */
  peekAll(): Uint8Array {
    return Buffer.concat(this.#chunks.slice(this.#head));
  }

  #advance(chunk: Uint8Array, count: number): void {
    if (count < chunk.byteLength) {
      this.#chunks[this.#head] = chunk.subarray(count);
      return;
    }
    // Let go of the chunk now; the array itself is tidied up once in a while.
    this.#chunks[this.#head++] = new Uint8Array(0);
    if (this.#head < 64 && this.#head < this.#chunks.length) return;
    this.#chunks = this.#chunks.slice(this.#head);
    this.#head = 0;
  }
}
