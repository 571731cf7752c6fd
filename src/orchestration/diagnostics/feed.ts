import type { Told } from "./ports.ts";

const MAX_ITEMS = 1000;
const MAX_SIZE = 4 * 1024 * 1024;

/**
 * From one who must never wait to one who reads at its own pace. What is not read yet is bounded: the oldest go, and are
 * counted.
 */
export class Feed<T> {
  #items: { readonly item: T; readonly size: number }[] = [];
  #size = 0;
  #lost = 0;
  #end: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;

  /** `size`: the bytes that it holds on to. */
  push(item: T, size: number): void {
    if (this.#end !== undefined) return;
    this.#items.push({ item, size });
    this.#size += size;
    while (this.#items.length > MAX_ITEMS || (this.#size > MAX_SIZE && this.#items.length > 1)) {
      this.#size -= this.#items.shift()?.size ?? 0;
      this.#lost += 1;
    }
    this.#wake();
  }

  /** What is there is still read; an error is thrown after it. Only the first end counts. */
  end(error?: unknown): void {
    this.#end ??= { error };
    this.#wake();
  }

  async *read(): AsyncGenerator<Told<T>> {
    for (;;) {
      const next = this.#items.shift();
      if (next !== undefined) {
        this.#size -= next.size;
        const lost = this.#lost;
        this.#lost = 0;
        yield { item: next.item, lost };
      } else if (this.#end !== undefined) {
        if (this.#end.error !== undefined) throw this.#end.error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
