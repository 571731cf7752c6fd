import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isKind } from "../errors/shim-error.ts";
import { decodeHeader, encodeFrame, encodeHeader } from "./header.ts";
import {
  identifierParts,
  isRequest,
  MessageCategory,
  MessageIdentifier,
  MessageType,
  messageName,
  responseIdentifier,
} from "./message-identifier.ts";

describe("message header", () => {
  it("is little-endian: type, size with the header, id", () => {
    const header = { type: 0x10100b01, size: 0x0123, id: 0x0807060504030201n };
    assert.equal(Buffer.from(encodeHeader(header)).toString("hex"), "010b1010230100000102030405060708");
    assert.deepEqual(decodeHeader(encodeHeader(header)), header);
  });

  it("keeps ids above 2^53 and the top bit", () => {
    const header = { type: 0x30100101, size: 16, id: 0xffff_ffff_ffff_ffffn };
    assert.deepEqual(decodeHeader(encodeHeader(header)), header);
  });

  it("counts itself in the size of a frame", () => {
    const frame = encodeFrame(0x20100201, 3n, new TextEncoder().encode("{}\n"));
    assert.equal(Buffer.from(frame).toString("hex"), `0102102013000000${"0300000000000000"}7b7d0a`);
  });

  it("refuses a short header", () => {
    assert.throws(
      () => decodeHeader(new Uint8Array(15)),
      (error) => isKind(error, "invalid-argument"),
    );
  });

  it("reads from the middle of a buffer", () => {
    const inside = new Uint8Array(40);
    inside.set(encodeHeader({ type: 1, size: 2, id: 3n }), 7);
    assert.deepEqual(decodeHeader(inside.subarray(7)), { type: 1, size: 2, id: 3n });
  });

  it("survives the round trip for any values", () => {
    fc.assert(
      fc.property(
        fc.record({
          type: fc.nat({ max: 0xffff_ffff }),
          size: fc.nat({ max: 0xffff_ffff }),
          id: fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
        }),
        (header) => assert.deepEqual(decodeHeader(encodeHeader(header)), { ...header }),
      ),
    );
  });
});

describe("message identifiers", () => {
  it("have the numbers of the protocol", () => {
    const numbers = new Map([
      ["Create", 0x10100101],
      ["Start", 0x10100201],
      ["ShutdownGraceful", 0x10100301],
      ["ShutdownForced", 0x10100401],
      ["ExecuteProcess", 0x10100501],
      ["WaitForProcess", 0x10100601],
      ["SignalProcess", 0x10100701],
      ["ResizeConsole", 0x10100801],
      ["GetProperties", 0x10100901],
      ["ModifySettings", 0x10100a01],
      ["NegotiateProtocol", 0x10100b01],
      ["DumpStacks", 0x10100c01],
      ["DeleteContainerState", 0x10100d01],
      ["UpdateContainer", 0x10100e01],
      ["LifecycleNotification", 0x10100f01],
    ]);
    const known = new Map<string, number>(Object.entries(MessageIdentifier));
    for (const [name, number] of numbers) {
      assert.equal(known.get(`computeSystem${name}V1`), number, name);
      assert.equal(known.get(`computeSystemResponse${name}V1`), number + 0x1000_0000, name);
      assert.equal(responseIdentifier(number), number + 0x1000_0000, name);
      assert.ok(isRequest(number));
      assert.ok(!isRequest(responseIdentifier(number)));
    }
    assert.equal(MessageIdentifier.computeSystemNotificationV1, 0x30100101);
    assert.deepEqual(MessageType, { none: 0, request: 0x10000000, response: 0x20000000, notification: 0x30000000 });
    assert.deepEqual([MessageIdentifier.none, MessageCategory.none, MessageCategory.computeSystem], [0, 0, 0x100000]);
    assert.equal(responseIdentifier(MessageIdentifier.computeServiceModifySettingsV1), 0x20200101);
  });

  it("split into kind, category, message and version", () => {
    assert.deepEqual(identifierParts(0x10200101), {
      kind: MessageType.request,
      category: MessageCategory.computeService,
      message: 1,
      version: 1,
    });
    assert.deepEqual(identifierParts(0xf0100fff), {
      kind: 0xf000_0000,
      category: 0x10_0000,
      message: 0xf,
      version: 0xff,
    });
  });

  it("are named in errors, known or not", () => {
    assert.equal(messageName(0x10100c01), "ComputeSystemDumpStacksV1 (0x10100c01)");
    assert.equal(messageName(0xdeadbeef), "0xdeadbeef");
  });
});
