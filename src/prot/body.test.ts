import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type ErrorKind, isKind } from "../errors/shim-error.ts";
import { decodeBody, encodeBody } from "./body.ts";
import { fromWireHresult, HRESULT, hresultName, toWireHresult } from "./hresult.ts";
import { hresultOfKind, kindOfHresult } from "./hresult-kind.ts";
import { bool, i32, jsonText, list, oneOf, optional, text, textMap, u8, u16, u32, u64 } from "./json-codec.ts";
import { field, record } from "./json-record.ts";

const sample = record({
  name: field("Name", text),
  tiny: field("Tiny", u8, "omitempty"),
  port: field("Port", u16, "omitempty"),
  count: field("Count", u32, "omitempty"),
  result: field("Result", i32),
  big: field("Big", u64, "omitempty"),
  on: field("On", bool, "omitempty"),
  mode: field("Mode", oneOf(["Soft", "Hard"], "Soft")),
  words: field("Words", list(text), "omitempty"),
  env: field("Env", textMap, "omitempty"),
  maybe: field("Maybe", optional(bool), "omitempty"),
  inner: field("Inner", jsonText(record({ lun: field("Lun", u8, "omitempty") }))),
});

const asText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const asBytes = (source: string): Uint8Array => new TextEncoder().encode(source);

function refusal(body: string): string {
  let message = "";
  assert.throws(
    () => decodeBody(sample, asBytes(body), "Sample"),
    (error) => {
      if (error instanceof Error) message = error.message;
      return isKind(error, "invalid-argument");
    },
  );
  return message;
}

describe("bodies", () => {
  it("omit what Go's omitempty omits, keep the rest, and end in a newline", () => {
    assert.equal(asText(encodeBody(sample, {})), '{"Name":"","Result":0,"Mode":"Soft","Inner":"{}"}\n');
    assert.equal(
      asText(encodeBody(sample, { name: "n", on: false, maybe: false, words: [], env: {}, tiny: 0 })),
      '{"Name":"n","Result":0,"Mode":"Soft","Maybe":false,"Inner":"{}"}\n',
    );
  });

  it("don't escape for HTML, and put JSON into a string once", () => {
    assert.equal(
      asText(encodeBody(sample, { name: '<a href="x">&', inner: { lun: 2 }, words: ["é", "\u0001"] })),
      '{"Name":"<a href=\\"x\\">&","Result":0,"Mode":"Soft","Words":["é","\\u0001"],"Inner":"{\\"Lun\\":2}"}\n',
    );
  });

  it("keep 64-bit integers whole in both directions", () => {
    const body = asText(encodeBody(sample, { big: 18446744073709551615n }));
    assert.match(body, /"Big":18446744073709551615/);
    assert.equal(decodeBody(sample, asBytes(body), "Sample").big, 18446744073709551615n);
    assert.equal(decodeBody(sample, asBytes('{"Big":5}'), "Sample").big, 5n);
  });

  it("read absent and null members as zero, and pass over unknown ones", () => {
    const zero = decodeBody(sample, asBytes("{}"), "Sample");
    assert.deepEqual(zero, {
      name: "",
      tiny: 0,
      port: 0,
      count: 0,
      result: 0,
      big: 0n,
      on: false,
      mode: "Soft",
      words: [],
      env: {},
      maybe: undefined,
      inner: { lun: 0 },
    });
    const nulls = '{"Name":null,"Big":null,"Words":null,"Env":null,"Maybe":null,"Inner":null,"New":[1]}';
    assert.deepEqual(decodeBody(sample, asBytes(nulls), "Sample"), zero);
    assert.deepEqual(decodeBody(sample, asBytes('{"Inner":""}'), "Sample"), zero);
  });

  it("name the member that is wrong", () => {
    assert.equal(refusal('{"Name":1}'), "Sample.Name is number 1; wanted a string");
    assert.equal(refusal('{"Tiny":256}'), "Sample.Tiny is number 256; wanted an unsigned 8-bit integer");
    assert.equal(refusal('{"Port":-1}'), "Sample.Port is number -1; wanted an unsigned 16-bit integer");
    assert.equal(refusal('{"Count":1.5}'), "Sample.Count is number 1.5; wanted an unsigned 32-bit integer");
    assert.equal(
      refusal('{"Result":2147483648}'),
      "Sample.Result is number 2147483648; wanted a signed 32-bit integer",
    );
    assert.match(refusal('{"Big":18446744073709551616}'), /^Sample\.Big is bigint 18446744073709551616; wanted/);
    assert.equal(refusal('{"On":"true"}'), "Sample.On is string; wanted true or false");
    assert.equal(refusal('{"Mode":"Other"}'), 'Sample.Mode is "Other"; wanted one of Soft, Hard');
    assert.equal(
      refusal('{"Mode":18446744073709551616}'),
      "Sample.Mode is bigint 18446744073709551616; wanted one of Soft, Hard",
    );
    assert.equal(refusal('{"Words":{}}'), "Sample.Words is object; wanted an array");
    assert.equal(refusal('{"Words":["a",7]}'), "Sample.Words[1] is number 7; wanted a string");
    assert.equal(refusal('{"Env":{"A":1}}'), "Sample.Env.A is number 1; wanted a string");
    assert.equal(refusal('{"Env":[]}'), "Sample.Env is an array; wanted an object");
    assert.equal(refusal('{"Inner":{"Lun":1}}'), "Sample.Inner is object; wanted a string");
    assert.equal(
      refusal('{"Inner":"{\\"Lun\\":300}"}'),
      "Sample.Inner.Lun is number 300; wanted an unsigned 8-bit integer",
    );
    assert.match(refusal('{"Inner":"{"}'), /^Sample\.Inner is not JSON: /);
    assert.equal(refusal("[]"), "Sample is an array; wanted an object");
    assert.equal(refusal("null"), "Sample is null; wanted an object");
    assert.match(refusal('{"Name":'), /^Sample is not JSON: /);
    assert.match(refusal(""), /^Sample is not JSON: /);
  });

  it("refuse what is not UTF-8", () => {
    assert.throws(() => decodeBody(sample, Uint8Array.of(0x22, 0xff, 0x22), "Sample"), /Sample is not UTF-8/);
  });

  it("take members named like those of Object as plain data", () => {
    const decoded = decodeBody(sample, asBytes('{"Env":{"__proto__":"p","constructor":"c"}}'), "Sample");
    assert.deepEqual(Object.entries(decoded.env), [
      ["__proto__", "p"],
      ["constructor", "c"],
    ]);
    assert.match(asText(encodeBody(sample, { env: decoded.env })), /"Env":\{"__proto__":"p","constructor":"c"\}/);
  });

  it("refuse to send a number that the other end couldn't read", () => {
    assert.throws(() => encodeBody(sample, { port: 65536 }), /unsigned 16-bit/);
    assert.throws(() => encodeBody(sample, { count: Number.NaN }), /unsigned 32-bit/);
  });

  it("survive the round trip for any values", () => {
    const plain = { noNullPrototype: true };
    const values = fc.record(
      {
        name: fc.string({ unit: "binary" }),
        tiny: fc.nat({ max: 255 }),
        port: fc.nat({ max: 65535 }),
        count: fc.nat({ max: 0xffff_ffff }),
        result: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
        big: fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
        on: fc.boolean(),
        mode: fc.constantFrom("Soft" as const, "Hard" as const),
        words: fc.array(fc.string({ unit: "binary" })),
        env: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
        maybe: fc.option(fc.boolean(), { nil: undefined }),
        inner: fc.record({ lun: fc.nat({ max: 255 }) }, plain),
      },
      plain,
    );
    fc.assert(
      fc.property(values, (value) => {
        assert.deepEqual(decodeBody(sample, encodeBody(sample, value), "Sample"), value);
      }),
    );
  });

  it("never fail but with invalid-argument, whatever the JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        try {
          decodeBody(sample, asBytes(JSON.stringify(value)), "Sample");
        } catch (error) {
          assert.ok(isKind(error, "invalid-argument"));
        }
      }),
    );
  });
});

describe("HRESULTs", () => {
  it("are signed on the wire and compared unsigned", () => {
    assert.equal(toWireHresult(HRESULT.fail), -2147467259);
    assert.equal(toWireHresult(HRESULT.notImpl), -2147467263);
    assert.equal(fromWireHresult(-2147467263), 0x80004001);
    assert.equal(hresultName(-2147467263), "0x80004001");
  });

  it("carry every kind of error there and back; unknown becomes internal", () => {
    const kinds: ErrorKind[] = [
      "canceled",
      "invalid-argument",
      "deadline-exceeded",
      "not-found",
      "already-exists",
      "permission-denied",
      "resource-exhausted",
      "failed-precondition",
      "aborted",
      "out-of-range",
      "unimplemented",
      "internal",
      "unavailable",
      "data-loss",
      "unauthenticated",
    ];
    for (const kind of kinds) {
      assert.equal(kindOfHresult(hresultOfKind(kind, "system")), kind);
      assert.equal(kindOfHresult(toWireHresult(hresultOfKind(kind, "process"))), kind);
    }
    assert.equal(kindOfHresult(hresultOfKind("unknown", "system")), "internal");
    assert.equal(kindOfHresult(0x8badf00d), "internal");
  });

  it("tell a missing process from a missing container", () => {
    assert.equal(hresultOfKind("not-found", "process"), 0x80070490);
    assert.equal(hresultOfKind("not-found", "system"), 0xc037010e);
  });
});
