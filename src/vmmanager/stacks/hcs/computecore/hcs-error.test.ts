import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HcsError, isAlreadyGone, isNotRunning, kindOfHresult } from "./hcs-error.ts";

describe("an HRESULT of HCS", () => {
  const kinds = [
    [0x8037_0105, "failed-precondition"],
    [0xc037_0105, "failed-precondition"],
    [0x8037_0110, "failed-precondition"],
    [0x8037_010e, "not-found"],
    [0x8037_010f, "already-exists"],
    [0x8037_010d, "invalid-argument"],
    [0x8037_0118, "deadline-exceeded"],
    [0x8037_011b, "permission-denied"],
    [0x8037_011e, "unavailable"],
    [0x8007_0002, "not-found"],
    [0x8007_0490, "not-found"],
    [0x8007_00b7, "already-exists"],
    [0x8007_0005, "permission-denied"],
    [0x8007_0032, "unimplemented"],
    [0x8007_0070, "resource-exhausted"],
    [0x8000_4001, "unimplemented"],
    [0x8000_4005, "internal"],
    [0x8037_01ff, "internal"],
  ] as const;
  for (const [hresult, kind] of kinds) {
    it(`0x${hresult.toString(16)} is ${kind}, signed or not`, () => {
      assert.equal(kindOfHresult(hresult), kind);
      assert.equal(kindOfHresult(hresult | 0), kind);
    });
  }

  it("carries what HCS told: its message and those of its events", () => {
    const document = JSON.stringify({
      Error: -2143878911,
      ErrorMessage: "The compute system is not in a valid state.",
      ErrorEvents: [{ Message: "VM 'x' failed", Provider: "{guid}", EventId: 11 }, { Data: [] }],
    });
    assert.equal(
      new HcsError("HcsStartComputeSystem", -2143878907, document).message,
      "HcsStartComputeSystem failed with 0x80370105: The compute system is not in a valid state.; VM 'x' failed",
    );
  });

  it("shows a result that is no document, cut", () => {
    assert.match(new HcsError("HcsX", 0x8037_0105, "{not JSON").message, /0x80370105: \{not JSON$/);
    assert.equal(
      new HcsError("HcsX", 0x8037_0105, "x".repeat(5000)).message.length,
      1000 + "HcsX failed with 0x80370105: ".length,
    );
    assert.equal(new HcsError("HcsX", 0x8037_0105).message, "HcsX failed with 0x80370105");
  });

  it("tells of a system that has gone, whichever call says it", () => {
    for (const gone of [0x8037_0110, 0xc037_0110, 0x8037_010e, 0xc037_010e, 0x8007_0490]) {
      assert.ok(isAlreadyGone(new HcsError("HcsTerminateComputeSystem", gone | 0)), gone.toString(16));
    }
    assert.ok(!isAlreadyGone(new HcsError("HcsTerminateComputeSystem", 0x8037_0105)));
    assert.ok(!isAlreadyGone(new Error("0x80370110")));
  });

  it("tells of a system that does not run, whose devices are gone", () => {
    for (const hresult of [0x8037_0105, 0xc037_0105, 0x8037_010e, 0x8037_0110, 0xc037_0110]) {
      assert.ok(isNotRunning(new HcsError("HcsModifyComputeSystem", hresult | 0)), hresult.toString(16));
    }
    for (const hresult of [0x8007_0490, 0x8037_010d, 0x8007_0105]) {
      assert.ok(!isNotRunning(new HcsError("HcsModifyComputeSystem", hresult)), hresult.toString(16));
    }
    assert.ok(!isNotRunning(new Error("0x80370110")));
  });
});
