import { type Holding, type HoldingContext, hold } from "./holding.ts";

export interface BringContext extends HoldingContext {
  readonly signal: AbortSignal;
}

/** Holds it and has it mapped; answers where it is in the guest. */
export async function bring(holding: Holding, context: BringContext): Promise<string> {
  const { map, guestPath } = hold(holding, context);
  await map();
  context.signal.throwIfAborted();
  return guestPath;
}

/**
 * Promise.all that rejects only when nothing is under way any more: what comes after the roll-back has begun is not in
 * it. Each of the works is bounded.
 */
export async function allSettled<T extends readonly unknown[]>(works: { [K in keyof T]: Promise<T[K]> }): Promise<T>;
export async function allSettled<T>(works: readonly Promise<T>[]): Promise<T[]>;
export async function allSettled<T>(works: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(works);
  return Promise.all(works);
}
