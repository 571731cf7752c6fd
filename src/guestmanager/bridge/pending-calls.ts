import type { ShimError } from "../../errors/shim-error.ts";
import type { SequenceId } from "../../prot/header.ts";

/** A request that was sent and not answered yet. */
export interface PendingCall {
  readonly name: string;
  readonly responseType: number;
  /** performance.now() */
  readonly sent: number;
  /** Throws when the body is not a response of this call. */
  answer(body: Uint8Array): void;
  fail(error: ShimError): void;
}

export class PendingCalls {
  readonly #calls = new Map<SequenceId, PendingCall>();
  #lastId = 0n;

  /** The new call's id: the counter starts at 0 and is incremented before use (reference: hcsshim bridge behaviour). */
  add(call: PendingCall): SequenceId {
    this.#lastId += 1n;
    this.#calls.set(this.#lastId, call);
    return this.#lastId;
  }

  /** Removes it. */
  take(id: SequenceId): PendingCall | undefined {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    return call;
  }

  failAll(error: ShimError): void {
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const call of calls) call.fail(error);
  }
}
