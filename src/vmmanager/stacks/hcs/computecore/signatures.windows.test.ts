import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { StandIn } from "../../../../../test/windows/stand-in.ts";
import { koffi } from "../../../../sys/windows/ffi.ts";
import { EventType } from "./compute-core.ts";
import { eventMembers, nativeTypes, signatures } from "./signatures.ts";

const include = "Z:\\usr\\share\\mingw-w64\\include\\";
const functions = declared(readFileSync(`${include}computecore.h`, "utf8"));
const definitions = readFileSync(`${include}computedefs.h`, "utf8");

/** `HRESULT WINAPI Name (PCWSTR query, HCS_SYSTEM *out);` to Name: [HRESULT, PCWSTR, HCS_SYSTEM *]. */
function declared(header: string): Map<string, string[]> {
  const lines = header.matchAll(/^(\w+\*?) WINAPI (\w+) \((.*)\);$/gm);
  return new Map(
    [...lines].map(([, result = "", name = "", args = ""]) => [
      name,
      [result, ...args.split(", ").map((arg) => arg.replace(/\w+$/, "").trim())],
    ]),
  );
}

function differences(table: Readonly<Record<string, readonly string[]>>): string[] {
  return Object.entries(table).flatMap(([name, types]) => {
    const header = functions.get(name)?.join(", ");
    return header === types.join(", ") ? [] : [`${name}: ${types.join(", ")}, the header has ${header}`];
  });
}

test("each signature is the header's, word for word", () => {
  assert.equal(functions.size, 52);
  assert.deepEqual(differences(signatures), []);
});

test("a wrong word anywhere in the table is found", () => {
  for (const [name, types] of Object.entries(signatures)) {
    for (const i of types.keys()) {
      const wrong = types.map((type, at) => (at !== i ? type : type === "PCWSTR" ? "DWORD" : "PCWSTR"));
      assert.equal(differences({ ...signatures, [name]: wrong }).length, 1, `${name} ${i}`);
    }
    const last = types.at(-1) ?? "";
    assert.equal(differences({ ...signatures, [name]: [...types, last] }).length, 1);
    assert.equal(differences({ ...signatures, [name]: types.slice(0, -1) }).length, 1);
  }
  assert.equal(differences({ HcsNoSuchCall: ["void"] }).length, 1);
});

test("koffi's types have the sizes and offsets that the header's have in the compiler", () => {
  const standIn = new StandIn();
  const native = koffi() as unknown as {
    sizeof(type: string | object): number;
    offsetof(type: object, member: string): number;
    struct(name: string, members: typeof eventMembers): object;
  };
  const event = native.struct("HCS_EVENT_IN_TEST", eventMembers);
  const sizes = (["HRESULT", "DWORD", "HCS_EVENT_OPTIONS", "HCS_OPERATION"] as const).map((type) =>
    native.sizeof(nativeTypes[type]),
  );
  const offsets = ["Type", "EventData", "Operation"].map((member) => native.offsetof(event, member));
  const ours = [native.sizeof(event), ...offsets, ...sizes];
  assert.deepEqual(
    ours,
    ours.map((_, i) => standIn.layout(i)),
  );
});

test("signs: HRESULT alone is signed, as winerror.h tells failure by its sign", () => {
  const windef = readFileSync(`${include}minwindef.h`, "utf8") + readFileSync(`${include}winnt.h`, "utf8");
  assert.match(windef, /typedef unsigned __LONG32 DWORD;|typedef unsigned long DWORD;/);
  assert.match(windef, /typedef (?:__LONG32|LONG|long) HRESULT;/);
  assert.deepEqual([nativeTypes.DWORD, nativeTypes.HRESULT], ["uint32", "int32"]);
});

test("HCS_EVENT and the types of events are the header's", () => {
  const [, body = ""] = /typedef struct HCS_EVENT \{([^}]*)\}/.exec(definitions) ?? [];
  const members = [...body.matchAll(/(\w+) (\w+);/g)].map(([, type, name]) => [name, type]);
  assert.deepEqual(members, [
    ["Type", "HCS_EVENT_TYPE"],
    ["EventData", "PCWSTR"],
    ["Operation", "HCS_OPERATION"],
  ]);
  assert.deepEqual(
    members.map(([name]) => name),
    Object.keys(eventMembers),
  );
  const values = new Map(
    [...definitions.matchAll(/HcsEvent(\w+) = (0x[0-9a-fA-F]+)/g)].map(([, k = "", v]) => [k, Number(v)]),
  );
  for (const [name, value] of Object.entries(EventType)) {
    const theirs = [`System${name[0]?.toUpperCase()}${name.slice(1)}`, `${name[0]?.toUpperCase()}${name.slice(1)}`];
    assert.equal(value, values.get(theirs[0] ?? "") ?? values.get(theirs[1] ?? ""), name);
  }
});
