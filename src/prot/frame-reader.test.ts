import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isKind } from "../errors/shim-error.ts";
import { type Frame, FrameReader } from "./frame-reader.ts";
import { encodeFrame, encodeHeader } from "./header.ts";

const CAP = 4096;

function collect(): { frames: Frame[]; reader: FrameReader } {
  const frames: Frame[] = [];
  return { frames, reader: new FrameReader(CAP, (frame) => frames.push(frame)) };
}

const isDataLoss = (pattern: RegExp) => (error: unknown) =>
  isKind(error, "data-loss") && error instanceof Error && pattern.test(error.message);

describe("frame reader", () => {
  it("finds the same frames however the bytes are cut", () => {
    const frame = fc.record({
      type: fc.nat({ max: 0xffff_ffff }),
      id: fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
      body: fc.uint8Array({ maxLength: 60 }),
    });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 5 }), fc.array(fc.integer({ min: 1, max: 40 })), (sent, cuts) => {
        const bytes = Buffer.concat(sent.map(({ type, id, body }) => encodeFrame(type, id, body)));
        const { frames, reader } = collect();
        let offset = 0;
        for (const cut of cuts) {
          reader.push(bytes.subarray(offset, offset + cut));
          offset += cut;
        }
        reader.push(bytes.subarray(offset));
        reader.end();
        assert.deepEqual(
          frames.map(({ header, body }) => ({ type: header.type, id: header.id, body: [...body] })),
          sent.map(({ type, id, body }) => ({ type, id, body: [...body] })),
        );
      }),
    );
  });

  it("finds frames fed byte by byte, an empty body among them", () => {
    const bytes = Buffer.concat([
      encodeFrame(1, 1n, new Uint8Array(0)),
      encodeFrame(2, 2n, Uint8Array.of(1, 2, 3)),
      encodeFrame(3, 3n, new Uint8Array(0)),
    ]);
    const { frames, reader } = collect();
    for (const byte of bytes) reader.push(Uint8Array.of(byte));
    reader.end();
    assert.deepEqual(
      frames.map((frame) => [frame.header.type, frame.body.byteLength]),
      [
        [1, 0],
        [2, 3],
        [3, 0],
      ],
    );
  });

  it("does not keep a view of the chunk", () => {
    const bytes = encodeFrame(1, 1n, Uint8Array.of(9));
    const { frames, reader } = collect();
    reader.push(bytes);
    bytes.fill(0);
    assert.deepEqual(frames[0]?.body, Uint8Array.of(9));
  });

  for (const size of [0, 8, 15, CAP + 1, 0x7fff_ffff, 0xffff_ffff]) {
    it(`refuses a size of ${size} before any of its body`, () => {
      const { frames, reader } = collect();
      assert.throws(
        () => reader.push(encodeHeader({ type: 0x10100101, size, id: 1n })),
        isDataLoss(new RegExp(`0x10100101 claims ${size} bytes; allowed are 16 to ${CAP}`)),
      );
      assert.deepEqual(frames, []);
    });
  }

  it("takes the smallest and the largest size allowed", () => {
    const { frames, reader } = collect();
    reader.push(encodeFrame(1, 1n, new Uint8Array(0)));
    reader.push(encodeFrame(2, 2n, new Uint8Array(CAP - 16)));
    assert.equal(frames.length, 2);
  });

  it("tells where the stream ended", () => {
    const bytes = encodeFrame(0x10100201, 1n, new Uint8Array(20));
    const inHeader = collect().reader;
    inHeader.push(bytes.subarray(0, 5));
    assert.throws(() => inHeader.end(), isDataLoss(/inside a frame header: got 5 of 16/));
    const inBody = collect().reader;
    inBody.push(bytes.subarray(0, 30));
    assert.throws(() => inBody.end(), isDataLoss(/inside a frame of type 0x10100201: 6 of 36 bytes are missing/));
    const between = collect();
    between.reader.push(bytes);
    between.reader.end();
    assert.equal(between.frames.length, 1);
  });
});
