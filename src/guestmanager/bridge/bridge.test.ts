import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BridgePeer } from "../../../test/harness/bridge-peer.ts";
import { isKind, ShimError } from "../../errors/shim-error.ts";
import { encodeFrame, encodeHeader } from "../../prot/header.ts";
import type { ContainerNotification } from "../../prot/messages/notification.ts";
import { NULL_ID } from "../../prot/protocol.ts";
import { rpcs } from "../../prot/rpc.ts";
import { turns } from "../../transport/byte-stream-suite.ts";
import { memoryStreamPair } from "../../transport/memory-stream.ts";
import { Bridge } from "./bridge.ts";
import type { BridgeMessage, BridgeTap } from "./tap.ts";

const START = 0x10100201;
const DUMP_STACKS = 0x10100c01;
const RESPONSE = 0x1000_0000;
const NOTIFICATION = 0x30100101;

/** The host's bridge, with a guest driven frame by frame. */
class Subject {
  readonly guest: BridgePeer;
  readonly bridge: Bridge;
  readonly notifications: ContainerNotification[] = [];

  constructor(requestTimeoutMs = 60_000, tap?: BridgeTap) {
    const [hostEnd, guestEnd] = memoryStreamPair();
    this.bridge = new Bridge(hostEnd, {
      requestTimeoutMs,
      tap,
      onNotification: (notification) => {
        if (notification.containerId === "unknown") throw new ShimError("data-loss", "the guest told of a stranger");
        this.notifications.push(notification);
      },
    });
    this.guest = new BridgePeer(guestEnd);
  }

  start(signal?: AbortSignal): Promise<unknown> {
    return this.bridge.call(rpcs.start, { containerId: "c", activityId: NULL_ID }, { signal });
  }

  wait(signal?: AbortSignal): Promise<unknown> {
    const request = { containerId: "c", processId: 1, timeoutInMs: 0xffff_ffff };
    return this.bridge.call(rpcs.waitForProcess, request, { signal });
  }

  async sent(count: number): Promise<void> {
    await this.guest.until(() => this.guest.received.length >= count);
  }
}

const rejectsWith = (kind: ShimError["kind"], pattern?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ShimError);
  assert.equal(error.kind, kind);
  if (pattern !== undefined) assert.match(error.message, pattern);
  return true;
};

describe("bridge: calls", () => {
  it("number requests from 1 and match responses by id, in any order", async () => {
    const s = new Subject();
    const calls = [s.start(), s.wait(), s.start()];
    await s.sent(3);
    assert.deepEqual(
      s.guest.received.map(({ type, id }) => [type, id]),
      [
        [START, 1n],
        [0x10100601, 2n],
        [START, 3n],
      ],
    );
    assert.deepEqual(s.guest.received[0]?.body, { ContainerId: "c", ActivityId: NULL_ID });
    s.guest.send(START + RESPONSE, 3n, { Result: 0, ActivityId: "third" });
    s.guest.send(0x20100601, 2n, { Result: 0, ExitCode: 9 });
    s.guest.send(START + RESPONSE, 1n, { Result: 0, ActivityId: "first" });
    const [first, second, third] = await Promise.all(calls);
    assert.equal((first as { activityId: string }).activityId, "first");
    assert.equal((second as { exitCode: number }).exitCode, 9);
    assert.equal((third as { activityId: string }).activityId, "third");
    s.bridge.close();
  });

  it("turn a Result into an error of its kind, with the guest's text", async () => {
    const cases: readonly [number, object, ShimError["kind"], RegExp][] = [
      [0xc037010e, { ErrorMessage: "no c" }, "not-found", /^c: Start failed in the guest: no c \(0xc037010e\)$/],
      [0x80370105, { ErrorRecords: [{ Message: "a" }, { Message: "b" }] }, "failed-precondition", /guest: a; b \(/],
      [0x80004005, {}, "internal", /no reason given \(0x80004005\)/],
      [0x12345678, { ErrorMessage: "odd" }, "internal", /odd \(0x12345678\)/],
    ];
    for (const [hresult, more, kind, pattern] of cases) {
      const s = new Subject();
      const call = s.start();
      s.guest.send(START + RESPONSE, 1n, { Result: hresult | 0, ...more });
      await assert.rejects(call, rejectsWith(kind, pattern));
      s.bridge.close();
    }
  });

  it("end the bridge when the time-out passes; a wait has none", async () => {
    const s = new Subject(20);
    const wait = s.wait();
    const start = s.start();
    await assert.rejects(start, rejectsWith("deadline-exceeded", /did not answer Start within 20 ms/));
    await assert.rejects(wait, rejectsWith("unavailable", /did not answer Start within 20 ms/));
    assert.ok(isKind(await s.bridge.ended, "deadline-exceeded"));
    await s.guest.until(() => s.guest.closed !== undefined);
    await assert.rejects(s.start(), rejectsWith("unavailable", /cannot be sent/));
  });

  it("only wait: nothing ends the bridge", async () => {
    const s = new Subject(1);
    const wait = s.wait();
    await new Promise((resolve) => setTimeout(resolve, 10));
    s.guest.send(0x20100601, 1n, { Result: 0, ExitCode: 3 });
    assert.equal(((await wait) as { exitCode: number }).exitCode, 3);
    s.bridge.close();
  });

  it("that change the guest are not left once sent; others are, and their late answer is no violation", async () => {
    const s = new Subject();
    const abort = new AbortController();
    const start = s.start(abort.signal);
    const wait = s.wait(abort.signal);
    await s.sent(2);
    abort.abort(new ShimError("canceled", "left"));
    await assert.rejects(wait, rejectsWith("canceled", /left/));
    s.guest.send(0x20100601, 2n, { Result: 0, ExitCode: 0 });
    s.guest.send(START + RESPONSE, 1n, { Result: 0 });
    await start;
    await assert.rejects(s.start(abort.signal), rejectsWith("canceled"));
    await turns();
    assert.equal(s.guest.received.length, 2, "a call aborted beforehand is not sent");
    s.bridge.close();
    assert.equal(await s.bridge.ended, undefined);
  });

  it("reject when their body can't be written, and harm nobody", async () => {
    const s = new Subject();
    const bad = s.bridge.call(rpcs.resizeConsole, { containerId: "c", processId: 1, height: 70_000, width: 1 });
    await assert.rejects(bad, rejectsWith("invalid-argument"));
    const good = s.start();
    s.guest.send(START + RESPONSE, 1n, { Result: 0 });
    await good;
    s.bridge.close();
  });
});

describe("bridge: notifications", () => {
  it("reach the handler in order", async () => {
    const s = new Subject();
    for (const type of ["GracefulExit", "ForcedExit"]) {
      s.guest.send(NOTIFICATION, 0n, { ContainerId: type, Type: type, Operation: "None", Result: 0 });
    }
    const call = s.start();
    s.guest.send(START + RESPONSE, 1n, { Result: 0 });
    await call;
    assert.deepEqual(
      s.notifications.map((notification) => notification.containerId),
      ["GracefulExit", "ForcedExit"],
    );
    s.bridge.close();
  });
});

describe("bridge: a handler that closes it", () => {
  it("gets an orderly end, whatever stands behind in the same chunk", async () => {
    const [hostEnd, guestEnd] = memoryStreamPair();
    const bridge: Bridge = new Bridge(hostEnd, { requestTimeoutMs: 60_000, onNotification: () => bridge.close() });
    const guest = new BridgePeer(guestEnd);
    const exit = JSON.stringify({ ContainerId: "c", Type: "ForcedExit" });
    const frame = encodeFrame(NOTIFICATION, 0n, Buffer.from(exit));
    guest.sendBytes(Buffer.concat([frame, encodeFrame(START + RESPONSE, 5n, Buffer.from("{}"))]));
    assert.equal(await bridge.ended, undefined);
    guest.end();
    await guest.until(() => guest.closed !== undefined);
    assert.equal(guest.closed?.error, undefined);
  });
});

describe("bridge: garbage from the guest", () => {
  const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  const garbage: readonly [string, Uint8Array, RegExp][] = [
    [
      "an unknown id",
      encodeFrame(START + RESPONSE, 99n, json({ Result: 0 })),
      /request with id 99 that is not pending/,
    ],
    ["an id twice as wide", encodeFrame(START + RESPONSE, 1n << 63n, json({})), /id 9223372036854775808 that is not/],
    ["a response of another type", encodeFrame(DUMP_STACKS + RESPONSE, 1n, json({})), /Start with a .*DumpStacks/],
    ["bad JSON in a response", encodeFrame(START + RESPONSE, 1n, Buffer.from("{")), /Start response is not JSON/],
    ["an empty response", encodeFrame(START + RESPONSE, 1n, Buffer.alloc(0)), /Start response is not JSON/],
    [
      "a response of a wrong shape",
      encodeFrame(START + RESPONSE, 1n, json({ Result: "ok" })),
      /Start response\.Result/,
    ],
    ["a response that is no UTF-8", encodeFrame(START + RESPONSE, 1n, Uint8Array.of(0xff)), /is not UTF-8/],
    ["bad JSON in a notification", encodeFrame(NOTIFICATION, 0n, Buffer.from("x")), /Notification is not JSON/],
    ["a notification of an unknown type", encodeFrame(NOTIFICATION, 0n, json({ Type: "New" })), /Notification\.Type/],
    [
      "a notification of an unknown container",
      encodeFrame(NOTIFICATION, 0n, json({ ContainerId: "unknown", Type: "ForcedExit" })),
      /told of a stranger/,
    ],
    ["another notification", encodeFrame(0x30100201, 0n, json({})), /message of type 0x30100201/],
    ["a request", encodeFrame(START, 1n, json({})), /message of type ComputeSystemStartV1/],
    ["a type of no kind", encodeFrame(0xdeadbeef, 1n, json({})), /message of type 0xdeadbeef/],
    ["a size of 8", encodeHeader({ type: START + RESPONSE, size: 8, id: 1n }), /claims 8 bytes/],
    [
      "a size of 2^32-1",
      encodeHeader({ type: START + RESPONSE, size: 0xffff_ffff, id: 1n }),
      /claims 4294967295 bytes/,
    ],
    ["a size above the cap", encodeHeader({ type: START + RESPONSE, size: 1024 * 1024 + 1, id: 1n }), /claims 1048577/],
  ];
  for (const [what, bytes, pattern] of garbage) {
    it(`ends the bridge and every call for ${what}`, async () => {
      const s = new Subject();
      const calls = [s.start(), s.wait(), s.start()];
      const told = new Promise<ShimError>((resolve) => s.bridge.onEnd(resolve));
      await s.sent(3);
      s.guest.sendBytes(bytes);
      for (const call of calls) await assert.rejects(call, rejectsWith("unavailable", pattern));
      const reason = await s.bridge.ended;
      assert.match(String(reason?.message), pattern);
      assert.match((await told).message, pattern);
      await s.guest.until(() => s.guest.closed !== undefined);
      await assert.rejects(s.start(), rejectsWith("unavailable", pattern));
    });
  }

  it("ignores what comes in the same chunk after the fatal frame", async () => {
    const s = new Subject();
    const call = s.start();
    s.guest.sendBytes(
      Buffer.concat([
        encodeFrame(START + RESPONSE, 99n, json({ Result: 0 })),
        encodeFrame(START + RESPONSE, 1n, json({ Result: 0 })),
      ]),
    );
    await assert.rejects(call, rejectsWith("unavailable"));
  });

  it("takes a frame as large as the cap", async () => {
    const s = new Subject();
    const call = s.bridge.call(rpcs.dumpStacks, { containerId: NULL_ID });
    const frame = '{"Result":0,"GuestStacks":""}';
    const stacks = "x".repeat(1024 * 1024 - 16 - frame.length);
    s.guest.send(DUMP_STACKS + RESPONSE, 1n, `{"Result":0,"GuestStacks":"${stacks}"}`);
    assert.equal((await call).guestStacks.length, stacks.length);
    s.bridge.close();
  });
});

describe("bridge: end", () => {
  it("is clean at an EOF between frames; pending calls fail all the same", async () => {
    const s = new Subject();
    const call = s.start();
    s.guest.end();
    await assert.rejects(call, rejectsWith("unavailable", /has ended/));
    assert.equal(await s.bridge.ended, undefined);
    await s.guest.until(() => s.guest.closed !== undefined);
    assert.equal(s.guest.closed?.error, undefined);
  });

  it("is an error at an EOF inside a frame", async () => {
    const s = new Subject();
    const call = s.start();
    s.guest.sendBytes(encodeFrame(START + RESPONSE, 1n, Buffer.from("{}")).subarray(0, 17));
    s.guest.end();
    await assert.rejects(call, rejectsWith("unavailable", /ended inside a frame/));
    assert.ok(isKind(await s.bridge.ended, "data-loss"));
  });

  it("is an error at a reset", async () => {
    const s = new Subject();
    const call = s.start();
    s.guest.destroy();
    await assert.rejects(call, rejectsWith("unavailable", /reset/));
    assert.ok(isKind(await s.bridge.ended, "unavailable"));
  });

  it("by us is an EOF for the guest, which may end too", async () => {
    const s = new Subject();
    const call = s.start();
    s.bridge.close();
    s.bridge.close();
    await assert.rejects(call, rejectsWith("unavailable"));
    await s.guest.until(() => s.guest.ended);
    s.guest.end();
    await s.guest.until(() => s.guest.closed !== undefined);
    assert.equal(s.guest.closed?.error, undefined);
    assert.equal(await s.bridge.ended, undefined);
  });

  it("is told to late listeners, and not to those taken back", async () => {
    const s = new Subject();
    let told = 0;
    const forget = s.bridge.onEnd(() => told++);
    forget();
    s.bridge.close();
    assert.equal(told, 0);
    s.bridge.onEnd(() => told++);
    assert.equal(told, 1);
  });
});

describe("bridge: who listens in", () => {
  it("is told each frame in both directions, and nothing while it is not active", async () => {
    const told: BridgeMessage[] = [];
    const tap = { active: false, message: (message: BridgeMessage) => void told.push(message) };
    const s = new Subject(60_000, tap);
    const unheard = s.start();
    s.guest.send(START + RESPONSE, 1n, { Result: 0 });
    await unheard;
    assert.equal(told.length, 0);
    tap.active = true;
    const heard = s.start();
    s.guest.send(NOTIFICATION, 0n, { ContainerId: "c", Type: "GracefulExit", Operation: "None" });
    s.guest.send(START + RESPONSE, 2n, { Result: 0 });
    await heard;
    assert.deepEqual(
      told.map(({ direction, type, id, ms }) => [direction, type, id, ms !== undefined && ms >= 0]),
      [
        ["to-guest", START, 2n, false],
        ["from-guest", NOTIFICATION, 0n, false],
        ["from-guest", START + RESPONSE, 2n, true],
      ],
    );
    for (const { bytes, body } of told) assert.equal(bytes, 16 + body.byteLength);
    assert.match(new TextDecoder().decode(told[0]?.body), /"ContainerId":"c"/);
    s.bridge.close();
  });
});
