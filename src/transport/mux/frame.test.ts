import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  encodeFrame,
  type Frame,
  FrameReader,
  FramingError,
  flushBytes,
  frameTypes,
  type Item,
  MAX_FRAME,
} from "./frame.ts";
import { encodeHello, HELLO_MAGIC, HELLO_SIZE, type Hello, helloKinds } from "./hello.ts";
import { MAX_PAYLOAD } from "./limits.ts";

const u32 = fc.nat({ max: 0xffff_ffff });
const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((array) => Buffer.from(array).toString("hex"));

const anyFrame = fc.record(
  {
    type: fc.nat({ max: 255 }),
    channel: u32,
    seq: u32,
    ack: u32,
    payload: fc.uint8Array({ maxLength: 80 }),
  },
  { noNullPrototype: true },
);

const anyHello: fc.Arbitrary<Hello> = fc.record(
  {
    kind: fc.nat({ max: 255 }),
    answer: fc.nat({ max: 255 }),
    version: fc.nat({ max: 0xffff }),
    session: hex(16),
    hostNonce: hex(8),
    guestNonce: hex(8),
    received: fc.maxSafeNat(),
  },
  { noNullPrototype: true },
);

const anyItem: fc.Arbitrary<Item> = fc.oneof(
  anyFrame.map((frame) => ({ kind: "frame" as const, frame })),
  anyHello.map((hello) => ({ kind: "hello" as const, hello })),
);

const aFrame: Frame = {
  type: frameTypes.data,
  channel: 3,
  seq: 4,
  ack: 5,
  payload: new TextEncoder().encode("some payload"),
};

function encode(item: Item): Uint8Array {
  return item.kind === "frame" ? encodeFrame(item.frame) : encodeHello(item.hello);
}

function plain(item: Item): unknown {
  return item.kind === "hello" ? item : { ...item, frame: { ...item.frame, payload: [...item.frame.payload] } };
}

/** All items in the bytes, given to the reader in these sizes; the rest in one piece. */
function read(reader: FrameReader, bytes: Uint8Array, sizes: readonly number[] = []): Item[] {
  const items: Item[] = [];
  let offset = 0;
  for (const size of [...sizes, bytes.byteLength]) {
    reader.push(bytes.slice(offset, offset + size));
    for (let item = reader.next(); item !== undefined; item = reader.next()) items.push(item);
    offset += size;
  }
  return items;
}

const sizes = fc.array(fc.integer({ min: 1, max: 70 }));

function framedReader(): FrameReader {
  const reader = new FrameReader();
  reader.framed();
  return reader;
}

describe("mux frames", () => {
  it("are found however the bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(anyItem, { maxLength: 6 }), sizes, (items, cuts) => {
        const found = read(framedReader(), Buffer.concat(items.map(encode)), cuts);
        assert.deepEqual(found.map(plain), items.map(plain));
      }),
    );
  });

  it("go up to the longest payload, and no further", () => {
    const bytes = encodeFrame({ ...aFrame, payload: new Uint8Array(MAX_PAYLOAD).fill(1) });
    assert.equal(bytes.byteLength, MAX_FRAME);
    assert.equal(read(framedReader(), bytes).length, 1);
    const tooLong = encodeFrame({ ...aFrame, payload: new Uint8Array(MAX_PAYLOAD + 1) });
    // The header alone is enough: nothing is allocated for what it claims.
    assert.throws(() => read(framedReader(), tooLong.subarray(0, 16)), /32769 bytes; allowed are 32768/);
  });

  it("do not keep a view of the chunk", () => {
    const bytes = encodeFrame(aFrame);
    const reader = framedReader();
    reader.push(bytes);
    const item = reader.next();
    bytes.fill(0);
    assert.equal(item?.kind, "frame");
    if (item?.kind === "frame") assert.deepEqual(item.frame.payload, aFrame.payload);
  });

  it("that were cut anywhere and flushed never come out, and the hello behind them is found", () => {
    const whole = encodeFrame(aFrame);
    const hello = encodeHello({ kind: helloKinds.syn, session: "ab".repeat(16), received: 7 });
    for (let cut = 0; cut < whole.byteLength; cut++) {
      const reader = framedReader();
      const bytes = Buffer.concat([whole.subarray(0, cut), flushBytes(), hello]);
      assert.throws(() => read(reader, bytes), FramingError, `cut at ${cut}`);
      reader.hunt();
      const item = reader.next();
      assert.equal(item?.kind, "hello", `cut at ${cut}`);
      assert.equal(reader.next(), undefined);
    }
  });

  it("are refused when they start with anything else", () => {
    for (let first = 0; first < 256; first++) {
      if (first === 0xa7 || first === HELLO_MAGIC[0]) continue;
      assert.throws(() => read(framedReader(), Uint8Array.of(first)), FramingError);
    }
  });
});

describe("the hunt for a hello", () => {
  const hello: Hello = {
    kind: helloKinds.synAck,
    answer: 1,
    version: 1,
    session: "0123456789abcdef".repeat(2),
    hostNonce: "1".repeat(16),
    guestNonce: "2".repeat(16),
    received: 2 ** 40,
  };

  it("finds it behind anything, however the bytes are cut, and skips frames", () => {
    const garbage = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      anyFrame.map(encodeFrame),
      fc.nat({ max: HELLO_SIZE - 1 }).map((length) => encodeHello(hello).subarray(0, length)),
      fc.nat({ max: HELLO_MAGIC.byteLength }).map((length) => HELLO_MAGIC.subarray(0, length)),
    );
    fc.assert(
      fc.property(fc.array(garbage, { maxLength: 4 }), sizes, (before, cuts) => {
        const bytes = Buffer.concat([...before, encodeHello(hello)]);
        const reader = new FrameReader();
        assert.deepEqual(read(reader, bytes, cuts), [{ kind: "hello", hello }]);
        assert.equal(reader.skipped, bytes.byteLength - HELLO_SIZE);
      }),
    );
  });

  it("is not misled by a hello that was cut anywhere", () => {
    for (let cut = 0; cut < HELLO_SIZE; cut++) {
      const other = { ...hello, received: 3 };
      const bytes = Buffer.concat([encodeHello(other).subarray(0, cut), encodeHello(hello)]);
      assert.deepEqual(read(new FrameReader(), bytes), [{ kind: "hello", hello }], `cut at ${cut}`);
    }
  });

  it("can end in the middle of a chunk: the next byte is a frame's", () => {
    const reader = new FrameReader();
    reader.push(Buffer.concat([encodeHello(hello), encodeFrame(aFrame), encodeFrame(aFrame)]));
    assert.equal(reader.next()?.kind, "hello");
    reader.framed();
    assert.equal(reader.next()?.kind, "frame");
    reader.hunt();
    assert.equal(reader.next(), undefined);
  });

  it("holds no more than a hello's length of what it skips", () => {
    const reader = new FrameReader();
    for (let i = 0; i < 1000; i++) assert.deepEqual(read(reader, Buffer.from("uvm-mux uvm-mux\nuvm-")), []);
    assert.ok(20_000 - reader.skipped < HELLO_SIZE);
  });

  it("takes no hello whose end is wrong", () => {
    const damaged = encodeHello(hello);
    damaged[63] = 0xff;
    assert.deepEqual(read(new FrameReader(), damaged), []);
    assert.throws(() => read(framedReader(), damaged), /a hello is damaged/);
  });
});
