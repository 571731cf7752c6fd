/** A seeded generator (mulberry32) and what a fuzzer wants from one: the same seed gives the same bytes. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 <= n < 1 */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer, 0 <= n < limit. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly [T, ...T[]] | readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError("nothing to pick from");
    return item;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  /** A copy with some bytes flipped, overwritten, cut out, doubled or cut off. */
  mutate(bytes: Uint8Array): Uint8Array {
    let result = bytes.slice();
    for (let times = 1 + this.below(4); times > 0; times -= 1) {
      const at = this.below(result.length + 1);
      switch (this.below(5)) {
        case 0:
          if (at < result.length) result[at] = (result[at] ?? 0) ^ (1 << this.below(8));
          break;
        case 1:
          if (at < result.length) result[at] = this.pick([0, 1, 0x7f, 0x80, 0xff]);
          break;
        case 2:
          result = new Uint8Array([...result.subarray(0, at), ...result.subarray(at + 1 + this.below(8))]);
          break;
        case 3:
          result = new Uint8Array([...result.subarray(0, at), ...this.bytes(this.below(9)), ...result.subarray(at)]);
          break;
        default:
          result = result.slice(0, at);
      }
    }
    return result;
  }
}
