import { ShimError } from "../../../../errors/shim-error.ts";
import { HcsError } from "./hcs-error.ts";
import { type ComputeCoreLibrary, type Handle, isHandle, onPool } from "./library.ts";

/** HCS_E_OPERATION_TIMEOUT, HCS_E_OPERATION_PENDING. */
const notYet: ReadonlySet<number> = new Set([0x8037_0118, 0x8037_0117]);

/** A wait takes one of libuv's four threads; files and names want some, too. */
const WAITS_AT_ONCE = 2;
const SLICE_MS = 250;
/** While others want the thread. */
const SHORT_SLICE_MS = 20;

/** One HCS_OPERATION a call: made, submitted, waited for to the end, closed. */
export class Operations {
  readonly #library: ComputeCoreLibrary;
  #waits = 0;
  readonly #queue: (() => void)[] = [];

  constructor(library: ComputeCoreLibrary) {
    this.#library = library;
  }

  /**
   * The result document, empty where there is none. `submit` returns the HRESULT of `call`, which got the operation. Never
   * left before HCS has answered: closing what is in use crashed in computecore.dll (reference: windows 6).
   */
  async run(call: string, submit: (operation: Handle) => Promise<unknown>): Promise<string> {
    const { HcsCreateOperation, HcsCloseOperation } = this.#library.calls;
    const operation = HcsCreateOperation(null, null);
    if (!isHandle(operation)) throw new ShimError("resource-exhausted", "HcsCreateOperation gave no operation");
    try {
      checkResult(call, await submit(operation));
      return await this.#result(call, operation);
    } finally {
      HcsCloseOperation(operation);
    }
  }

  async #result(call: string, operation: Handle): Promise<string> {
    const { HcsWaitForOperationResult } = this.#library.calls;
    for (;;) {
      if (this.#waits >= WAITS_AT_ONCE) await new Promise<void>((turn) => this.#queue.push(turn));
      else this.#waits++;
      const document: unknown[] = [null];
      let result: unknown;
      try {
        const slice = this.#queue.length > 0 ? SHORT_SLICE_MS : SLICE_MS;
        result = await onPool(HcsWaitForOperationResult, operation, slice, document);
      } finally {
        const next = this.#queue.shift();
        if (next === undefined) this.#waits--;
        else next();
      }
      const text = this.#library.takeString(document);
      if (typeof result === "number" && notYet.has(result >>> 0)) continue;
      checkResult(call, result, text);
      return text;
    }
  }
}

/** Throws an HcsError for an HRESULT of failure. */
export function checkResult(call: string, result: unknown, document = ""): void {
  if (typeof result !== "number" || result < 0) throw new HcsError(call, Number(result), document);
}
