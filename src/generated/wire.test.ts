import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import protobuf from "protobufjs";
import { BootstrapParams, LogLevel } from "./containerd/runtime/bootstrap/v1.ts";
import { Task as TaskV2, StateResponse, UpdateTaskRequest } from "./containerd/task/v2.ts";
import { Task as TaskV3 } from "./containerd/task/v3.ts";
import { Any, Timestamp } from "./google/protobuf.ts";
import { CPUUsage } from "./io/containerd/cgroups/v1.ts";
import { Metrics } from "./io/containerd/cgroups/v2.ts";
import { Request } from "./ttrpc.ts";
import type { MessageType } from "./wire.ts";

const repository = join(dirname(fileURLToPath(import.meta.url)), "../..");

describe("generated codecs", () => {
  it("are what proto/ says", () => {
    // Throws, with the list of stale files, unless the exit code is 0.
    execFileSync("node", ["--import", "tsx", "scripts/generate-proto.ts", "--check"], { cwd: repository });
  });

  /** The reflection of protobuf.js, from the same .proto files, as the second opinion. */
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) =>
    target.startsWith("google/protobuf/") ? target : join(repository, "proto", target);
  root.loadSync(
    readdirSync(join(repository, "proto"), { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".proto"),
    ),
  );
  root.resolveAll();

  const strings = fc.oneof(fc.string(), fc.string({ unit: "grapheme", maxLength: 200 }));
  const any = fc.record({ typeUrl: strings, value: fc.uint8Array() }, { noNullPrototype: true });
  const timestamp = fc.record(
    { seconds: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), nanos: fc.integer() },
    { noNullPrototype: true },
  );
  const u32 = fc.integer({ min: 0, max: 0xffffffff });
  const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

  function agrees<T extends object>(type: MessageType<T>, values: fc.Arbitrary<T>): void {
    const reflected = root.lookupType(type.typeName);
    fc.assert(
      fc.property(values, (value) => {
        const bytes = type.encode(value);
        assert.deepEqual(type.decode(bytes), value);
        // A node Buffer, as sockets hand out, decodes to the same.
        assert.deepEqual(type.decode(Buffer.from(bytes)), value);
        const theirs = reflected.encode(reflected.decode(bytes)).finish();
        assert.deepEqual(type.decode(theirs), value);
        assert.deepEqual(theirs.length, bytes.length);
      }),
    );
  }

  it("StateResponse agrees with reflection", () => {
    const values = fc.record(
      {
        id: strings,
        bundle: strings,
        pid: u32,
        status: fc.constantFrom(0, 1, 2, 3, 4, 5),
        stdin: strings,
        stdout: strings,
        stderr: strings,
        terminal: fc.boolean(),
        exitStatus: u32,
        // protobuf.js without the long package loses what is above 2^53.
        exitedAt: fc.option(
          fc.record(
            { seconds: fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }), nanos: fc.integer() },
            { noNullPrototype: true },
          ),
          { nil: undefined },
        ),
        execId: strings,
      },
      { noNullPrototype: true },
    ) as fc.Arbitrary<StateResponse>;
    agrees(StateResponse, values);
  });

  it("maps and repeated messages agree with reflection", () => {
    const annotations = fc.array(fc.tuple(strings, strings)).map((pairs) => new Map(pairs));
    const record = { noNullPrototype: true };
    agrees(
      UpdateTaskRequest,
      fc.record({ id: strings, resources: fc.option(any, { nil: undefined }), annotations }, record),
    );
    const socketDir = fc.option(strings, { nil: undefined });
    agrees(
      BootstrapParams,
      fc.record(
        {
          instanceId: strings,
          namespace: strings,
          logLevel: fc.constantFrom(...Object.values(LogLevel)),
          containerdVersion: strings,
          containerdTtrpcAddress: strings,
          containerdGrpcAddress: strings,
          containerdBinary: strings,
          extensions: fc.array(fc.record({ value: fc.option(any, { nil: undefined }) }, record)),
          socketDir,
        },
        record,
      ),
    );
  });

  it("64-bit integers keep every bit", () => {
    fc.assert(
      fc.property(timestamp, (value) => {
        assert.deepEqual(Timestamp.decode(Timestamp.encode(value)), value);
      }),
    );
    fc.assert(
      fc.property(u64, fc.array(u64), (total, perCpu) => {
        const usage = CPUUsage.create({ total, perCpu });
        assert.deepEqual(CPUUsage.decode(CPUUsage.encode(usage)), usage);
      }),
    );
  });

  it("known bytes: negative int64 and enum are ten bytes, defaults are left out, optional ones are not", () => {
    const ten = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    assert.deepEqual([...Request.encode(Request.create({ timeoutNano: -1n }))], [0x20, ...ten]);
    assert.deepEqual(
      [...BootstrapParams.encode(BootstrapParams.create({ logLevel: LogLevel.LOG_LEVEL_TRACE }))],
      [0x18, 0xf8, ...ten.slice(1)],
    );
    assert.equal(Metrics.encode(Metrics.create()).length, 0);
    assert.deepEqual([...BootstrapParams.encode(BootstrapParams.create({ socketDir: "" }))], [0x4a, 0]);
  });

  it("packed and unpacked repeated numbers are both read", () => {
    const packed = Uint8Array.of(0x22, 3, 1, 0x96, 1);
    const unpacked = Uint8Array.of(0x20, 1, 0x20, 0x96, 1);
    for (const bytes of [packed, unpacked]) assert.deepEqual(CPUUsage.decode(bytes).perCpu, [1n, 150n]);
  });

  it("unknown fields of every wire type, and known ones of the wrong type, are skipped", () => {
    const unknown = [
      0xf8, 1, 0x96, 1, 0xf9, 1, 1, 2, 3, 4, 5, 6, 7, 8, 0xfa, 1, 2, 9, 9, 0xfd, 1, 1, 2, 3, 4, 0xfb, 1, 8, 1, 0xfc, 1,
    ];
    const wrongType = [0x08, 5];
    const id = [0x0a, 1, 0x78];
    const state = StateResponse.decode(Uint8Array.from([...unknown, ...wrongType, ...id]));
    assert.deepEqual(state, StateResponse.create({ id: "x" }));
  });

  it("an embedded message that comes twice is merged, a scalar's last value stays", () => {
    const twice = Uint8Array.of(0x52, 2, 0x08, 7, 0x52, 2, 0x10, 9, 0x18, 1, 0x18, 2);
    assert.deepEqual(
      StateResponse.decode(twice),
      StateResponse.create({ pid: 2, exitedAt: { seconds: 7n, nanos: 9 } }),
    );
  });

  it("truncated at any byte: throws or is a shorter message, never reads beyond", () => {
    const full = StateResponse.encode(
      StateResponse.create({ id: "abc", pid: 70_000, exitedAt: { seconds: 1n << 40n, nanos: 5 }, execId: "e" }),
    );
    // The lengths at which a field ends; anywhere else something is cut.
    const whole = new Set([0, 5, 9, 20, full.length]);
    for (let length = 0; length <= full.length; length += 1) {
      const cut = full.slice(0, length);
      if (whole.has(length)) StateResponse.decode(cut);
      else assert.throws(() => StateResponse.decode(cut), `at ${length} of ${full.length}`);
    }
  });

  it("an embedded length that leaves its message throws", () => {
    assert.throws(() => StateResponse.decode(Uint8Array.of(0x52, 9, 0x08, 7)), RangeError);
    assert.throws(() => StateResponse.decode(Uint8Array.of(0x52, 1, 0x08, 7)), RangeError);
    assert.throws(() => CPUUsage.decode(Uint8Array.of(0x22, 1, 0x96, 1)), RangeError);
    assert.throws(() => UpdateTaskRequest.decode(Uint8Array.of(0x1a, 2, 0x0a, 5, 1)), RangeError);
  });

  it("strings that are not UTF-8 are refused; a lone surrogate goes out as U+FFFD", () => {
    assert.throws(() => Any.decode(Uint8Array.of(0x0a, 2, 0xc3, 0x28)));
    const sent = Any.decode(Any.encode({ typeUrl: "a\ud800b\udc00\u{1f40b}", value: new Uint8Array(0) }));
    assert.equal(sent.typeUrl, "a\ufffdb\ufffd\u{1f40b}");
  });

  it("strings alike in length, first, middle and last character stay apart, whichever was read last", () => {
    const texts = ["a-b-c", "a_b-c", "a-b_c", "a_b_c", "a\u0080bc", "a\u00e9bc", "a\ud83d\udc0bc", "\ufeffab"];
    const encoded = texts.map((typeUrl) => Any.encode({ typeUrl, value: new Uint8Array(0) }));
    for (let round = 0; round < 3; round += 1) {
      assert.deepEqual(
        encoded.flatMap((bytes) => [Any.decode(bytes).typeUrl, Any.decode(bytes).typeUrl]),
        texts.flatMap((text) => [text, text]),
      );
    }
  });

  it("a string that has been read before is still refused where it is cut off", () => {
    const whole = Any.encode({ typeUrl: "seen before", value: new Uint8Array(0) });
    assert.equal(Any.decode(whole).typeUrl, "seen before");
    assert.throws(() => Any.decode(whole.subarray(0, whole.length - 1)), RangeError);
    // The bytes after the message are the rest of the string: they are not the message's.
    assert.throws(() => StateResponse.decode(Uint8Array.of(0x52, 4, 0x08, 7, 0x0a, 9)), RangeError);
  });

  it("messages encoded one inside another, and after one that threw, keep their bytes", () => {
    const plain = Any.encode({ typeUrl: "inner", value: Uint8Array.of(1) });
    const outer = Any.encode({
      typeUrl: "outer",
      get value() {
        return Any.encode({ typeUrl: "inner", value: Uint8Array.of(1) });
      },
    });
    assert.deepEqual(Any.decode(outer), { typeUrl: "outer", value: plain });
    assert.throws(() => Metrics.encode({ pids: { current: "no number" } } as unknown as Metrics));
    const large = Any.encode({ typeUrl: "", value: new Uint8Array(100_000).fill(7) });
    assert.deepEqual(Any.encode({ typeUrl: "inner", value: Uint8Array.of(1) }), plain);
    assert.deepEqual(Any.decode(large).value, new Uint8Array(100_000).fill(7));
  });

  it("property: any bytes decode or throw an Error", () => {
    const types: MessageType<object>[] = [StateResponse, UpdateTaskRequest, BootstrapParams, Metrics, Request];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const type of types) {
          try {
            type.decode(bytes);
          } catch (error) {
            assert.ok(error instanceof Error);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("the services of v2 and v3 share every message", () => {
    assert.deepEqual([TaskV2.name, TaskV3.name], ["containerd.task.v2.Task", "containerd.task.v3.Task"]);
    assert.deepEqual(TaskV3.methods, TaskV2.methods);
    assert.equal(Object.keys(TaskV2.methods).length, 17);
  });
});
