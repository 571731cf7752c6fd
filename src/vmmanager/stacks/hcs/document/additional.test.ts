import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseJson, stringifyJson } from "../../../../oci/json.ts";
import { withAdditional } from "./additional.ts";

const document = {
  Owner: "me",
  VirtualMachine: { StopOnReset: true, Devices: { ComPorts: {}, Scsi: { "0": { Attachments: ["a", "b"] } } } },
};

describe("more of a document", () => {
  const cases: readonly [what: string, json: string | undefined, change: (result: typeof document) => object][] = [
    ["is none where nothing is given", undefined, (same) => same],
    ["is none where it is empty", "", (same) => same],
    ["adds what is not there", '{"A":1}', (same) => ({ ...same, A: 1 })],
    ["goes over what is there", '{"Owner":"you"}', (same) => ({ ...same, Owner: "you" })],
    [
      "is merged in depth",
      '{"VirtualMachine":{"Devices":{"ComPorts":{"0":{"NamedPipe":"p"}}}}}',
      ({ VirtualMachine: vm, ...rest }) => ({
        ...rest,
        VirtualMachine: { ...vm, Devices: { ...vm.Devices, ComPorts: { "0": { NamedPipe: "p" } } } },
      }),
    ],
    [
      "replaces lists as a whole",
      '{"VirtualMachine":{"Devices":{"Scsi":{"0":{"Attachments":["c"]}}}}}',
      ({ VirtualMachine: vm, ...rest }) => ({
        ...rest,
        VirtualMachine: { ...vm, Devices: { ...vm.Devices, Scsi: { "0": { Attachments: ["c"] } } } },
      }),
    ],
    ["may replace an object by what is none", '{"VirtualMachine":1}', (same) => ({ ...same, VirtualMachine: 1 })],
    ["keeps an object that it is null for", '{"VirtualMachine":null}', (same) => same],
    ["is null for what is no object", '{"Owner":null}', (same) => ({ ...same, Owner: null })],
  ];
  for (const [what, json, change] of cases) {
    it(what, () => assert.deepEqual(withAdditional(document, json), change(structuredClone(document))));
  }

  it("has integers of 64 bits, and members named as those of Object", () => {
    const json = '{"A":18446744073709551615,"__proto__":{"B":1}}';
    assert.equal(stringifyJson(withAdditional({}, json)), json);
    assert.deepEqual(parseJson(json), withAdditional({}, json));
  });

  for (const bad of ["{", "[]", "null", "1"]) {
    it(`is refused where it is ${bad}`, () =>
      assert.throws(() => withAdditional(document, bad), {
        kind: "invalid-argument",
        message: /^additional document is/,
      }));
  }
});
