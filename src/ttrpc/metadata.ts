import { invalidArgument } from "../errors/shim-error.ts";
import type { KeyValue } from "../generated/ttrpc.ts";

/**
 * A call's metadata: lower-case keys, each with values in order. On the wire a
 * list of pairs in which a key may come more than once (reference: containerd-shim 2.5).
 */
export class Metadata {
  readonly #values = new Map<string, string[]>();

  constructor(init: Readonly<Record<string, string | readonly string[]>> = {}) {
    for (const [key, value] of Object.entries(init)) this.append(key, ...(typeof value === "string" ? [value] : value));
  }

  /** Pairs with an empty key are dropped: nothing could ever ask for them. */
  static fromPairs(pairs: readonly KeyValue[]): Metadata {
    const metadata = new Metadata();
    for (const { key, value } of pairs) {
      if (key !== "") metadata.append(key, value);
    }
    return metadata;
  }

  get size(): number {
    return this.#values.size;
  }

  /** All values of the key; undefined when there are none. */
  get(key: string): readonly string[] | undefined {
    return this.#values.get(key.toLowerCase());
  }

  /** Replaces all values of the key; without values, removes it. Throws invalid-argument for an empty key. */
  set(key: string, ...values: readonly string[]): void {
    if (values.length === 0) this.#values.delete(key.toLowerCase());
    else this.#values.set(checked(key), [...values]);
  }

  /** Throws invalid-argument for an empty key. */
  append(key: string, ...values: readonly string[]): void {
    if (values.length === 0) return;
    this.#values.set(checked(key), [...(this.get(key) ?? []), ...values]);
  }

  delete(key: string): void {
    this.#values.delete(key.toLowerCase());
  }

  /** A copy that shares nothing. */
  clone(): Metadata {
    const copy = new Metadata();
    for (const [key, values] of this.#values) copy.set(key, ...values);
    return copy;
  }

  *[Symbol.iterator](): Generator<[key: string, values: readonly string[]]> {
    yield* this.#values;
  }

  toPairs(): KeyValue[] {
    return [...this.#values].flatMap(([key, values]) => values.map((value) => ({ key, value })));
  }
}

function checked(key: string): string {
  if (key === "") throw invalidArgument("a metadata key is empty; cannot be sent: give the key a name");
  return key.toLowerCase();
}
