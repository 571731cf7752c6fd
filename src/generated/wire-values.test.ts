import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import protobuf from "protobufjs/minimal.js";
import { Reader } from "./wire-reader.ts";
import { Writer } from "./wire-writer.ts";

/** protobuf.js, as the second opinion on each kind of value. */
const kinds = {
  tag: [(r: Reader) => r.tag(), (r: protobuf.Reader) => r.tag()],
  uint32: [(r: Reader) => r.uint32(), (r: protobuf.Reader) => r.uint32()],
  int32: [(r: Reader) => r.int32(), (r: protobuf.Reader) => r.int32()],
  sint32: [(r: Reader) => r.sint32(), (r: protobuf.Reader) => r.sint32()],
  bool: [(r: Reader) => r.bool(), (r: protobuf.Reader) => r.bool()],
  double: [(r: Reader) => r.double(), (r: protobuf.Reader) => r.double()],
  bytes: [(r: Reader) => r.bytes(), (r: protobuf.Reader) => r.bytes()],
  string: [(r: Reader) => r.string(), (r: protobuf.Reader) => r.stringVerify()],
  field: [
    (r: Reader) => r.skip(r.tag()),
    (r: protobuf.Reader) => {
      const tag = r.tag();
      r.skipType(tag & 7, 0, tag >>> 3);
    },
  ],
} as const;

/** What was read and where it ended, or that it was refused. */
function outcome<R extends { pos: number }>(reader: R, read: (reader: R) => unknown): unknown {
  try {
    return [read(reader), reader.pos];
  } catch (error) {
    assert.ok(error instanceof Error);
    return "refused";
  }
}

describe("the values of the wire format", () => {
  for (const [name, [ours, theirs]] of Object.entries(kinds)) {
    it(`${name}: any bytes are read, or refused, as protobuf.js does`, () => {
      // Many with their highest bit, which goes on to the next byte; and bytes that a short view hides.
      const [any, small] = [fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 15 })];
      const byte = fc.oneof(any, small, fc.constant(0x80), fc.constant(0xff));
      const hidden = (all: number[]) => Uint8Array.from([...all, 1, 2, 3]).subarray(0, all.length);
      const bytes = fc.array(byte, { maxLength: 24 }).map(hidden);
      fc.assert(
        fc.property(bytes, (all) => {
          assert.deepEqual(outcome(new Reader(all), ours), outcome(new protobuf.Reader(all), theirs));
        }),
        { numRuns: 3000 },
      );
    });
  }

  it("skips groups within groups, and refuses those that go on for ever", () => {
    const nested = (depth: number) =>
      new Reader(Uint8Array.from([...Array(depth).fill(0x0b), ...Array(depth).fill(0x0c)]));
    const whole = nested(100);
    whole.skip(whole.tag());
    assert.equal(whole.pos, 200);
    const tooDeep = nested(102);
    assert.throws(() => tooDeep.skip(tooDeep.tag()), /more than 100 groups/);
  });

  it("are written as protobuf.js does", () => {
    const value = fc.oneof(
      fc.record({ kind: fc.constantFrom("uint32" as const), value: fc.integer({ min: 0, max: 0xffffffff }) }),
      fc.record({ kind: fc.constantFrom("int32" as const, "sint32" as const), value: fc.integer() }),
      fc.record({ kind: fc.constant("bool" as const), value: fc.boolean() }),
      fc.record({ kind: fc.constant("double" as const), value: fc.double() }),
      fc.record({ kind: fc.constantFrom("bytes" as const, "raw" as const), value: fc.uint8Array({ maxLength: 300 }) }),
      fc.record({
        kind: fc.constant("string" as const),
        value: fc.oneof(fc.string({ maxLength: 300 }), fc.string({ unit: "grapheme", maxLength: 100 })),
      }),
      fc.record({ kind: fc.constant("message" as const), value: fc.uint8Array({ maxLength: 300 }) }),
    );
    type Value = typeof value extends fc.Arbitrary<infer V> ? V : never;
    const write = (writer: Writer | protobuf.Writer, { kind, value: what }: Value): void => {
      if (kind === "message") writer.fork().bytes(what).fork().raw(what).ldelim().ldelim();
      else Reflect.apply(writer[kind], writer, [what]);
    };
    fc.assert(
      fc.property(fc.array(value, { maxLength: 20 }), (values) => {
        const [ours, theirs] = [new Writer(), new protobuf.Writer()];
        for (const each of values) {
          write(ours, each);
          write(theirs, each);
        }
        assert.deepEqual(ours.buf.slice(0, ours.pos), Uint8Array.from(theirs.finish()));
      }),
      { numRuns: 1000 },
    );
  });
});
