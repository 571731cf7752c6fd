import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseBase64, parseBool, parseGuid, parseI32, parseU32, parseU64 } from "./go-values.ts";

describe("values as Go reads them", () => {
  const cases: readonly (readonly [
    name: string,
    parse: (text: string) => unknown,
    Readonly<Record<string, unknown>>,
  ])[] = [
    ["bool", parseBool, { true: true, t: true, "1": true, F: false, "0": false, yes: undefined, "": undefined }],
    [
      ...(["i32", parseI32] as const),
      { "2147483647": 2147483647, "2147483648": undefined, "-2147483648": -2147483648, "-2147483649": undefined },
    ],
    ["i32, signs", parseI32, { "+7": 7, "-7": -7, "--7": undefined, "-": undefined, "007": 7, "7 ": undefined }],
    ["u32", parseU32, { "4294967295": 4294967295, "4294967296": undefined, "+1": undefined, "-0": undefined }],
    ["u64", parseU64, { "18446744073709551615": 2n ** 64n - 1n, "18446744073709551616": undefined, "1_0": undefined }],
    [
      ...(["GUID", parseGuid] as const),
      {
        "A1B2C3D4-0000-1111-2222-333344445555": "a1b2c3d4-0000-1111-2222-333344445555",
        "{a1b2c3d4-0000-1111-2222-333344445555}": undefined,
        a1b2c3d4000011112222333344445555: undefined,
      },
    ],
  ];
  for (const [name, parse, table] of cases) {
    it(name, () => {
      for (const [text, value] of Object.entries(table)) assert.equal(parse(text), value, text);
    });
  }

  it("base64", () => {
    const read = (text: string) => {
      const bytes = parseBase64(text);
      return bytes && Buffer.from(bytes).toString();
    };
    const table = { "aGk=": "hi", "aG\nk=": "hi", "": "", aGk: undefined, "a?k=": undefined, "aGk=a": undefined };
    for (const [text, value] of Object.entries(table)) assert.equal(read(text), value, text);
  });
});
