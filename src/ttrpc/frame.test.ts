import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ShimError } from "../errors/shim-error.ts";
import { encodeFrame, FrameDecoder, type FrameHeader, FrameType, headerLength, maxPayloadLength } from "./frame.ts";

interface Seen {
  streamId: number;
  type: number;
  flags: number;
  payload: Uint8Array;
}

function collector(): { decoder: FrameDecoder; frames: Seen[]; oversize: FrameHeader[] } {
  const frames: Seen[] = [];
  const oversize: FrameHeader[] = [];
  const decoder = new FrameDecoder({
    frame: ({ streamId, type, flags, payload }) => frames.push({ streamId, type, flags, payload: payload.slice() }),
    oversize: (header) => oversize.push(header),
  });
  return { decoder, frames, oversize };
}

const encode = ({ streamId, type, flags, payload }: Seen): Uint8Array => encodeFrame(streamId, type, flags, payload);

function header(length: number, streamId: number, type: number, flags: number): Uint8Array {
  const bytes = new Uint8Array(headerLength);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length);
  view.setUint32(4, streamId);
  bytes[8] = type;
  bytes[9] = flags;
  return bytes;
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks));
}

const anyFrame = fc.record(
  {
    streamId: fc.integer({ min: 0, max: 0xffffffff }),
    type: fc.integer({ min: 0, max: 255 }),
    flags: fc.integer({ min: 0, max: 255 }),
    payload: fc.uint8Array({ maxLength: 300 }),
  },
  { noNullPrototype: true },
);

describe("frame codec", () => {
  it("lays the header out big-endian: length, stream id, type, flags", () => {
    const frame = encodeFrame(0x01020304, FrameType.data, 5, Uint8Array.of(9, 8));
    assert.deepEqual([...frame], [0, 0, 0, 2, 1, 2, 3, 4, 3, 5, 9, 8]);
  });

  it("TestReadWriteMessage: frames of varying size round-trip", () => {
    const { decoder, frames } = collector();
    const sizes = [0, 1, 9, 10, 11, 4096, 65_536, maxPayloadLength];
    const sent = sizes.map((size, index) => ({
      streamId: index * 2 + 1,
      type: FrameType.request,
      flags: 0,
      payload: new Uint8Array(size).fill(index),
    }));
    decoder.push(concat(sent.map(encode)));
    assert.deepEqual(frames, sent);
  });

  it("TestReadWriteMessage: the end is clean between frames and nowhere else", () => {
    const frame = encodeFrame(1, FrameType.request, 0, Uint8Array.of(1, 2, 3));
    for (let length = 0; length <= frame.length; length += 1) {
      const { decoder } = collector();
      decoder.push(frame.subarray(0, length));
      assert.equal(decoder.atBoundary, length === 0 || length === frame.length, `after ${length} bytes`);
    }
  });

  it("hands out plain arrays of a runtime's Buffer, at any place in its memory", () => {
    const pool = Buffer.from(
      concat([Uint8Array.of(1, 2, 3), encodeFrame(1, FrameType.request, 0, Uint8Array.of(7, 8))]),
    );
    const payloads: Uint8Array[] = [];
    const decoder = new FrameDecoder({ frame: ({ payload }) => payloads.push(payload), oversize: () => assert.fail() });
    decoder.push(pool.subarray(3));
    assert.deepEqual(payloads, [Uint8Array.of(7, 8)]);
    assert.equal(payloads[0]?.constructor, Uint8Array);
  });

  it("TestMessageOversize: encoding above the limit fails with ResourceExhausted", () => {
    assert.throws(
      () => encodeFrame(1, FrameType.request, 0, new Uint8Array(maxPayloadLength + 1)),
      (error) => error instanceof ShimError && error.kind === "resource-exhausted",
    );
  });

  it("TestMessageOversize: exactly the body is discarded and the next frame parses", () => {
    const length = maxPayloadLength + 1;
    const next = { streamId: 3, type: FrameType.data, flags: 1, payload: Uint8Array.of(7) };
    const { decoder, frames, oversize } = collector();
    decoder.push(concat([header(length, 1, FrameType.request, 0), new Uint8Array(length), encode(next)]));
    assert.deepEqual(oversize, [{ payloadLength: length, streamId: 1, type: FrameType.request, flags: 0 }]);
    assert.deepEqual(frames, [next]);
  });

  it("negative: a length of 0xFFFFFFFF allocates nothing and is discarded", () => {
    const { decoder, frames, oversize } = collector();
    const before = process.memoryUsage().arrayBuffers;
    decoder.push(header(0xffffffff, 1, FrameType.request, 0));
    const chunk = new Uint8Array(1 << 20);
    for (let sent = 0; sent < 0xffffffff - chunk.length; sent += chunk.length) decoder.push(chunk);
    decoder.push(chunk.subarray(0, chunk.length - 1));
    assert.equal(decoder.atBoundary, true);
    decoder.push(encodeFrame(3, FrameType.request, 0, Uint8Array.of(1)));
    assert.equal(oversize.length, 1);
    assert.equal(frames.length, 1);
    assert.ok(process.memoryUsage().arrayBuffers - before < 64 << 20);
  });

  it("a header that announces 4 MiB allocates as the bytes come, not before", () => {
    const decoders = Array.from({ length: 200 }, () => collector().decoder);
    const before = process.memoryUsage().arrayBuffers;
    for (const decoder of decoders) decoder.push(concat([header(maxPayloadLength, 1, 1, 0), Uint8Array.of(1)]));
    assert.ok(process.memoryUsage().arrayBuffers - before < 64 << 20);
    assert.equal(
      decoders.some((decoder) => decoder.atBoundary),
      false,
    );
  });

  it("property: any frames in any chunks come out the same", () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 12 }), fc.array(fc.nat(400), { maxLength: 60 }), (sent, cuts) => {
        const bytes = concat(sent.map(encode));
        const { decoder, frames, oversize } = collector();
        let at = 0;
        for (const cut of cuts) {
          decoder.push(bytes.slice(at, at + cut));
          at = Math.min(bytes.length, at + cut);
        }
        decoder.push(bytes.slice(at));
        assert.deepEqual(frames, sent);
        assert.deepEqual(oversize, []);
        assert.equal(decoder.atBoundary, true);
      }),
    );
  });

  it("property: one byte at a time", () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 5 }), (sent) => {
        const { decoder, frames } = collector();
        for (const byte of concat(sent.map(encode))) decoder.push(Uint8Array.of(byte));
        assert.deepEqual(frames, sent);
      }),
    );
  });

  it("property: oversize frames among others are discarded whole, wherever the chunks are cut", () => {
    const oversizeAt = fc.record({ streamId: fc.nat(), over: fc.integer({ min: 1, max: 5000 }) });
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 3, arbitrary: anyFrame }, { weight: 1, arbitrary: oversizeAt }), { maxLength: 4 }),
        fc.integer({ min: 1, max: 3_000_000 }),
        (items, chunkSize) => {
          const bytes = concat(
            items.flatMap((item) => {
              if ("payload" in item) return [encode(item)];
              const length = maxPayloadLength + item.over;
              return [header(length, item.streamId, 1, 0), new Uint8Array(length)];
            }),
          );
          const { decoder, frames, oversize } = collector();
          for (let at = 0; at < bytes.length; at += chunkSize) decoder.push(bytes.subarray(at, at + chunkSize));
          assert.deepEqual(
            frames,
            items.filter((item) => "payload" in item),
          );
          assert.deepEqual(
            oversize.map(({ streamId }) => streamId),
            items.filter((item) => !("payload" in item)).map(({ streamId }) => streamId),
          );
        },
      ),
      { numRuns: 30 },
    );
  });
});
