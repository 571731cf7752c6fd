import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  hresult,
  NEGOTIATE,
  NOTIFICATION,
  RESPONSE,
  ServedBridge,
  SHUTDOWN_FORCED,
  START,
} from "../../../test/harness/served-bridge.ts";
import { isKind } from "../../errors/shim-error.ts";
import { encodeFrame, encodeHeader } from "../../prot/header.ts";
import { NULL_ID } from "../../prot/protocol.ts";

describe("bridge server: negotiation", () => {
  it("answers with version 4, Linux and its capabilities", async () => {
    const s = new ServedBridge();
    const answer = await s.peer.negotiate();
    assert.equal(answer.type, NEGOTIATE + RESPONSE);
    assert.deepEqual(answer.body, {
      Result: 0,
      ActivityId: NULL_ID,
      Version: 4,
      Capabilities: {
        SupportedSchemaVersions: [{ Major: 2, Minor: 1 }],
        RuntimeOsType: "Linux",
        GuestDefinedCapabilities: {
          NamespaceAddRequestSupported: true,
          SignalProcessSupported: true,
          DumpStacksSupported: true,
          DeleteContainerStateSupported: true,
          InitStdioSupported: true,
          FreezerSupported: true,
          SignalAllSupported: true,
          CgroupV2MetricsSupported: true,
          ResumeSupported: true,
          ProcessorsSupported: true,
          OutOfMemoryNotificationsSupported: true,
          PodSupported: true,
        },
      },
    });
    await s.close();
  });

  it("routes nothing else before it, and no second one after it", async () => {
    const s = new ServedBridge();
    const early = await s.peer.request(START, 7n, { ContainerId: "c" });
    assert.equal(early.type, START + RESPONSE);
    assert.equal(hresult(early.body), "0x80004001");
    await s.peer.negotiate();
    const second = await s.peer.request(NEGOTIATE, 9n, { ContainerId: NULL_ID, MinimumVersion: 4, MaximumVersion: 4 });
    assert.equal(hresult(second.body), "0x80004001");
    assert.equal(hresult((await s.peer.request(START, 10n, { ContainerId: "c" })).body), "0x00000000");
    await s.close();
  });

  for (const [min, max] of [
    [1, 3],
    [5, 9],
  ] as const) {
    it(`refuses a host of versions ${min} to ${max}, and lets it try again`, async () => {
      const s = new ServedBridge();
      const base = { ContainerId: NULL_ID };
      const refused = await s.peer.request(NEGOTIATE, 1n, { ...base, MinimumVersion: min, MaximumVersion: max });
      assert.equal(hresult(refused.body), "0xc037010c");
      const accepted = await s.peer.request(NEGOTIATE, 2n, { ...base, MinimumVersion: min, MaximumVersion: 4 });
      assert.equal(hresult(accepted.body), min <= 4 ? "0x00000000" : "0xc037010c");
      await s.close();
    });
  }

  it("starts anew with the next connection", async () => {
    const s = await ServedBridge.negotiated();
    await s.close();
    const again = s.dial();
    assert.equal(hresult((await again.peer.request(START, 1n, { ContainerId: "c" })).body), "0x80004001");
    assert.equal(hresult((await again.peer.negotiate()).body).length, 10);
    again.peer.end();
    await again.served;
  });

  it("serves one host at a time", async () => {
    const s = await ServedBridge.negotiated();
    const { served, peer } = s.dial();
    await assert.rejects(served, (error) => isKind(error, "failed-precondition"));
    await peer.until(() => peer.closed !== undefined);
    assert.equal(hresult((await s.peer.request(START, 3n, { ContainerId: "c" })).body), "0x00000000");
    await s.close();
  });
});

describe("bridge server: garbage", () => {
  const garbage: readonly [string, Uint8Array, RegExp][] = [
    ["a size of 8", encodeHeader({ type: START, size: 8, id: 2n }), /claims 8 bytes/],
    ["a size of 2^32-1", encodeHeader({ type: START, size: 0xffff_ffff, id: 2n }), /claims 4294967295 bytes/],
    ["a size above 16 MiB", encodeHeader({ type: START, size: 16 * 1024 * 1024 + 1, id: 2n }), /claims 16777217/],
    ["a response", encodeFrame(START + RESPONSE, 2n, Buffer.from("{}")), /takes requests only/],
    ["a notification", encodeFrame(NOTIFICATION, 0n, Buffer.from("{}")), /takes requests only/],
    ["a type of no kind", encodeFrame(0, 2n, Buffer.from("{}")), /type None \(0x00000000\); a guest takes/],
  ];
  for (const [what, bytes, pattern] of garbage) {
    it(`ends the connection for ${what}, and serves the next one`, async () => {
      const s = await ServedBridge.negotiated();
      s.peer.sendBytes(bytes);
      const reason = await s.served;
      assert.ok(isKind(reason, "data-loss"));
      assert.match(String(reason?.message), pattern);
      await s.peer.until(() => s.peer.closed !== undefined);
      const again = s.dial();
      assert.equal(hresult((await again.peer.negotiate()).body), "0x00000000");
      again.peer.end();
      assert.equal(await again.served, undefined);
    });
  }

  it("tells an EOF inside a frame from one between frames", async () => {
    const cut = await ServedBridge.negotiated();
    cut.peer.sendBytes(encodeFrame(START, 2n, Buffer.from("{}")).subarray(0, 17));
    cut.peer.end();
    assert.match(String((await cut.served)?.message), /ended inside a frame/);
    const whole = await ServedBridge.negotiated();
    whole.peer.end();
    assert.equal(await whole.served, undefined);
  });

  it("reports a reset", async () => {
    const s = await ServedBridge.negotiated();
    s.peer.destroy();
    assert.ok(isKind(await s.served, "unavailable"));
  });

  it("ends in good order when it is closed, with its last answers delivered", async () => {
    const s = await ServedBridge.negotiated();
    s.host.script.shutdownGuest = async () => {
      queueMicrotask(() => setImmediate(() => s.server.close()));
    };
    const answer = await s.peer.request(SHUTDOWN_FORCED, 2n, { ContainerId: NULL_ID });
    assert.equal(hresult(answer.body), "0x00000000");
    assert.equal(await s.served, undefined);
    await s.peer.until(() => s.peer.ended);
    s.peer.end();
    await s.peer.until(() => s.peer.closed !== undefined);
    assert.equal(s.peer.closed?.error, undefined);
  });
});
