import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ByteQueue } from "./byte-queue.ts";

const step = fc.oneof(
  fc.record({ kind: fc.constant("push" as const), size: fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 6000 })) }),
  fc.record({ kind: fc.constant("take" as const), size: fc.nat({ max: 9000 }) }),
  fc.record({ kind: fc.constant("shift" as const), size: fc.constant(0) }),
);

describe("byte queue", () => {
  it("gives the same bytes in the same order, whatever was pushed and taken", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new ByteQueue();
        let model = Buffer.alloc(0);
        let next = 0;
        for (const { kind, size } of steps) {
          if (kind === "push") {
            const chunk = Uint8Array.from({ length: size }, () => next++ % 251);
            model = Buffer.concat([model, chunk]);
            queue.push(chunk);
          } else {
            const got = kind === "take" ? queue.take(size) : queue.shift();
            const length = got?.byteLength ?? 0;
            if (kind === "take") assert.equal(length, Math.min(size, model.byteLength));
            else assert.equal(length > 0, model.byteLength > 0);
            assert.ok(got === undefined || model.subarray(0, length).equals(got));
            model = model.subarray(length);
            // The receiver may do with it what it likes.
            got?.fill(255);
          }
          assert.equal(queue.length, model.byteLength);
          assert.ok(model.equals(queue.peekAll()));
        }
      }),
    );
  });

  it("joins small chunks that wait, and leaves large ones alone", () => {
    const queue = new ByteQueue();
    const large = new Uint8Array(4096);
    queue.push(large);
    for (let i = 0; i < 10_000; i++) queue.push(Uint8Array.of(i % 251));
    assert.equal(queue.shift()?.buffer, large.buffer);
    let pieces = 0;
    while (queue.shift() !== undefined) pieces++;
    assert.equal(pieces, 3);
  });

  it("is empty after clear", () => {
    const queue = new ByteQueue();
    queue.push(new Uint8Array(10));
    queue.clear();
    assert.deepEqual([queue.length, queue.shift(), queue.take(5)], [0, undefined, undefined]);
  });
});
