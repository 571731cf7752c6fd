import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import fc from "fast-check";
import { converse, Lane, pattern, World } from "../../../test/harness/mux-world.ts";
import { StreamRecorder, turns } from "../byte-stream-suite.ts";

let world: World | undefined;

function newWorld(): World {
  world = new World();
  return world;
}

afterEach(() => {
  world?.close();
  world = undefined;
});

describe("mux resync", () => {
  for (const direction of ["toGuest", "toHost"] as const) {
    it(`loses and doubles nothing when the carrier breaks at any byte ${direction}`, async () => {
      const measured = newWorld();
      const first = await measured.connect();
      const before = measured.port.passed[direction];
      await converse(first);
      const length = measured.port.passed[direction] - before;
      measured.close();
      assert.ok(length > 100, `${length} bytes`);
      for (let at = 0; at < length; at++) {
        const { port, breaks } = newWorld();
        assert.equal(breaks, 0);
        const pair = await (world as World).connect();
        port.breakAfter(direction, at);
        await converse(pair);
        (world as World).close();
      }
    });
  }

  it("survives breaks in the middle of the handshake too", async () => {
    // SYN: flush of 32788 bytes, 64 bytes of hello; GO: 64 bytes.
    for (const at of [0, 1, 20_000, 32_787, 32_788, 32_789, 32_820, 32_851, 32_852, 32_880, 32_915, 32_916]) {
      const own = newWorld();
      own.port.breakAfter("toGuest", at);
      await converse(await own.connect());
      own.close();
    }
    for (const at of [0, 1, 63, 64, 65, 100, 127, 128]) {
      const own = newWorld();
      own.port.breakAfter("toHost", at);
      await converse(await own.connect());
      own.close();
    }
  });

  it("continues whether or not the guest sees the break", async () => {
    const own = newWorld();
    const { hostEnd, guestEnd } = await own.connect();
    const atHost = new StreamRecorder(hostEnd);
    new StreamRecorder(guestEnd);
    let expected = 0;
    for (const eof of [true, false, true, false]) {
      guestEnd.write(pattern(1, 100));
      own.port.disconnectHost({ eof });
      guestEnd.write(pattern(2, 100));
      expected += 200;
      await atHost.until(() => atHost.bytes().byteLength === expected);
    }
    assert.ok(own.breaks >= 4);
    const once = Buffer.concat([pattern(1, 100), pattern(2, 100)]);
    assert.ok(atHost.bytes().equals(Buffer.concat([once, once, once, once])));
  });

  it("skips stale bytes of the guest, whatever they look like", async () => {
    const own = newWorld();
    const { hostEnd, guestEnd } = await own.connect();
    const atHost = new StreamRecorder(hostEnd);
    new StreamRecorder(guestEnd);
    own.port.freeze();
    own.port.disconnectHost();
    await turns(3);
    own.port.inject("toHost", pattern(3, 50_000));
    own.port.inject("toHost", Buffer.from("uvm-mux\n".repeat(100)));
    own.port.thaw();
    guestEnd.write(Buffer.from("after all that"));
    await atHost.seen("data");
    assert.equal(atHost.bytes().toString(), "after all that");
  });

  it("a port whose host was full when it left goes on with the next host", async () => {
    const own = newWorld();
    own.port.cutWith((chunk) => [chunk.slice(0, 8212), chunk.slice(8212)].filter(({ byteLength }) => byteLength > 0));
    const lane = new Lane(await own.connect());
    lane.write(true, 30_487);
    lane.write(true, 39_093);
    await turns(1);
    own.port.breakAfter("toGuest", 13_713);
    lane.write(false, 17_119);
    await lane.finish();
  });

  it("any interleaving of writes, pauses, breaks and restores keeps every byte of every channel", async () => {
    const op = fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant("write" as const), n: fc.nat({ max: 40_000 }) }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant("turn" as const), n: fc.nat({ max: 3 }) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("pause" as const), n: fc.nat({ max: 3 }) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("resume" as const), n: fc.nat({ max: 3 }) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("breakToHost" as const), n: fc.nat({ max: 60_000 }) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("breakToGuest" as const), n: fc.nat({ max: 60_000 }) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("restore" as const), n: fc.constant(0) }) },
    );
    const ops = fc.array(fc.tuple(op, fc.nat({ max: 3 })), { maxLength: 40 });
    // Every byte by itself takes the largest case half a minute.
    const cuts = fc.integer({ min: 7, max: 20_000 });
    await fc.assert(
      fc.asyncProperty(ops, cuts, async (steps, cut) => {
        const own = newWorld();
        own.port.cutWith((chunk) => {
          const parts: Uint8Array[] = [];
          for (let at = 0; at < chunk.byteLength; at += cut) parts.push(chunk.slice(at, at + cut));
          return parts;
        });
        const lanes = [new Lane(await own.connect(1)), new Lane(await own.connect(2))];
        for (const [{ kind, n }, which] of steps) {
          const lane = lanes[which % 2] as Lane;
          const toHost = which < 2;
          switch (kind) {
            case "write":
              lane.write(toHost, n);
              break;
            case "turn":
              await turns(n);
              break;
            case "pause":
              lane.pause(toHost);
              break;
            case "resume":
              lane.resume(toHost);
              break;
            case "breakToHost":
              own.port.breakAfter("toHost", n);
              break;
            case "breakToGuest":
              own.port.breakAfter("toGuest", n);
              break;
            case "restore":
              own.saveAndRestore();
              for (const each of lanes) each.claim(own.host);
              break;
          }
        }
        for (const lane of lanes) await lane.finish();
        await turns(2);
        own.port.freeze();
        own.host.suspend();
        own.close();
      }),
      { numRuns: 60 },
    );
  });
});
