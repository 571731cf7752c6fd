import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ErrorKind, ShimError } from "../errors/shim-error.ts";
import { codeOfKind, errorOf, statusOf, TtrpcError } from "./status.ts";

describe("status", () => {
  it("every kind travels to its google.rpc code and back, with its text", () => {
    for (const [kind, code] of Object.entries(codeOfKind)) {
      const status = statusOf(new ShimError(kind as ErrorKind, `it is ${kind}`));
      assert.deepEqual(status, { code, message: `it is ${kind}`, details: [] });
      const error = errorOf(status);
      assert.deepEqual([error?.kind, error?.code, error?.message], [kind, code, `it is ${kind}`]);
    }
  });

  it("no status and code 0 are success", () => {
    assert.equal(errorOf(undefined), undefined);
    assert.equal(errorOf({ code: 0, message: "", details: [] }), undefined);
  });

  it("an error that is none of ours is Unknown, an abort is Canceled or DeadlineExceeded", () => {
    assert.equal(statusOf(new Error("plain")).code, 2);
    assert.equal(statusOf("thrown text").message, "thrown text");
    assert.equal(statusOf(new DOMException("stop", "AbortError")).code, 1);
    assert.equal(statusOf(new DOMException("late", "TimeoutError")).code, 4);
  });

  it("details and codes without a name pass through both ways", () => {
    const details = [{ typeUrl: "x.y.Z", value: Uint8Array.of(1) }];
    const status = statusOf(new TtrpcError("not-found", "gone", { details }));
    assert.deepEqual(status.details, details);
    const strange = errorOf({ code: 99, message: "?", details });
    assert.equal(strange?.kind, "unknown");
    assert.deepEqual(statusOf(strange), { code: 99, message: "?", details });
  });
});
