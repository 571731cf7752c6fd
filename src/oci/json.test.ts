import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isKind, ShimError } from "../errors/shim-error.ts";
import { parseJson, stringifyJson } from "./json.ts";

describe("parseJson", () => {
  it("keeps 64-bit integers digit for digit", () => {
    const text = '{"limit":9223372036854775807,"mask":18446744073709551615,"low":-9223372036854775808,"small":42}';
    const value = parseJson(text);
    assert.deepEqual(value, {
      limit: 9223372036854775807n,
      mask: 18446744073709551615n,
      low: -9223372036854775808n,
      small: 42,
    });
    assert.equal(stringifyJson(value), text);
  });

  it("makes a bigint of the first integer beyond a double's exact range, not before", () => {
    assert.deepEqual(parseJson("[9007199254740991,9007199254740992,-9007199254740991,-9007199254740992]"), [
      9007199254740991,
      9007199254740992n,
      -9007199254740991,
      -9007199254740992n,
    ]);
  });

  it("leaves long digit runs inside strings alone", () => {
    const text = '{"a":"12345678901234567890 \\" 1234567890123456789","b":1}';
    assert.deepEqual(parseJson(text), { a: '12345678901234567890 " 1234567890123456789', b: 1 });
    assert.equal(stringifyJson(parseJson(text)), text);
  });

  it("reads strings of any length beside a long integer", () => {
    // A Create's ContainerConfig is a JSON string of up to 16 MiB.
    for (const unit of ["a", '"', "\\", "\n"]) {
      const value = { limit: 2n ** 63n, text: unit.repeat(6 << 20) };
      const read = parseJson(stringifyJson(value));
      assert.ok(read !== null && typeof read === "object" && "text" in read && read.text === value.text);
    }
  });

  it("refuses strings that have no end, bad escapes and control characters beside a long integer", () => {
    for (const bad of ['"', '"a', '"a\\"', '"a\\\\\\"', '"\\x"', '"\\u12g4"', '"\u0001"', '"\n"']) {
      assert.throws(
        () => parseJson(`[12345678901234567890,${bad}]`),
        (error) =>
          isKind(error, "invalid-argument") && /a string has no end.* at line 1, column 23/.test(String(error)),
        bad,
      );
    }
  });

  it("reads every kind of value beside a long integer as JSON.parse would", () => {
    const rest = ' {"t":true,"f":false,"n":null,"d":1.5e3,"e":[],"o":{},"s":"\\u00e9\\n/\\ud83d\\ude00","l":[1,[2]]} ';
    assert.deepEqual(parseJson(`[${rest},12345678901234567890]`), [JSON.parse(rest), 12345678901234567890n]);
  });

  it("makes members named __proto__ members and nothing else", () => {
    const value = parseJson('{"__proto__":{"x":12345678901234567890}}');
    assert.equal(stringifyJson(value), '{"__proto__":{"x":12345678901234567890}}');
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
  });

  it("takes any number of values side by side, and brackets in strings", () => {
    for (const text of [`[${"[],".repeat(5000)}{}]`, JSON.stringify("[{".repeat(5000)), `["\\"${"[".repeat(600)}"]`]) {
      assert.deepEqual(parseJson(text), JSON.parse(text));
    }
  });

  it("agrees with JSON.parse on any JSON text without a long number", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!/\d{16}/.test(text));
        // The long integer in front forces the exact reader.
        assert.deepEqual(parseJson(`[12345678901234567890,${text}]`), [12345678901234567890n, JSON.parse(text)]);
        assert.deepEqual(parseJson(text), JSON.parse(text));
      }),
    );
  });

  for (const [text, message] of [
    ["", /unexpected end at line 1, column 1/],
    ['{\n  "a": 1,\n  b: 2\n}', /expected a member name.* at line 3, column 3/],
    ['{"a":1', /expected "," or "}" at line 1, column 7/],
    ["[1 2]", /expected "," or "]" at line 1, column 4/],
    ['{"a" 1}', /expected ":" after "a" at line 1, column 6/],
    ["nil", /expected null at line 1/],
    ['"\u0001"', /a string has no end, or a bad escape or control character at line 1, column 1/],
    ["{} x", /unexpected text after the value at line 1, column 4/],
    ["\u0000\u0001garbage", /unexpected ".*" at line 1, column 1/],
    ["[012345678901234567890]", /expected "," or "]"/],
    ["1e999", /number 1e999 is out of range at line 1, column 1/],
    ["1".repeat(1_000_000), /number 1{40} is out of range at line 1, column 1$/],
    ["[".repeat(100_000), /nested deeper than 512 levels at line 1/],
    [`${"[".repeat(100_000)}${"]".repeat(100_000)}`, /nested deeper than 512 levels at line 1/],
    [`{"x":"${"]".repeat(600)}","a":${'{"a":'.repeat(600)}1${"}".repeat(601)}`, /nested deeper than 512 levels/],
    [`["\\"${"}".repeat(600)}",${"[".repeat(600)}${"]".repeat(601)}`, /nested deeper than 512 levels/],
  ] as const) {
    it(`refuses ${JSON.stringify(text.slice(0, 30))} with its place`, () => {
      assert.throws(
        () => parseJson(text),
        (error) => error instanceof ShimError && isKind(error, "invalid-argument") && message.test(error.message),
      );
    });
  }
});

describe("stringifyJson", () => {
  it("writes what JSON.stringify writes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.equal(stringifyJson(value), JSON.stringify(value));
      }),
    );
    assert.equal(stringifyJson({ a: undefined, b: [undefined] }), '{"b":[null]}');
  });

  it("refuses what JSON cannot carry", () => {
    for (const value of [undefined, Number.NaN, { a: Number.POSITIVE_INFINITY }, () => 1]) {
      assert.throws(
        () => stringifyJson(value),
        (error) => isKind(error, "invalid-argument"),
      );
    }
  });
});
