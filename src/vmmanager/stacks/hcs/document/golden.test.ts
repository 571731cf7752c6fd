import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type GoldenCase, runCases } from "../../../../../test/golden/hcs/case.ts";
import { lcowBoot } from "../../../../../test/golden/hcs/lcow-boot.ts";
import { lcowConfidential } from "../../../../../test/golden/hcs/lcow-confidential.ts";
import { lcowDevices } from "../../../../../test/golden/hcs/lcow-devices.ts";
import { lcowNuma } from "../../../../../test/golden/hcs/lcow-numa.ts";
import { lcowTopology } from "../../../../../test/golden/hcs/lcow-topology.ts";
import { wcow } from "../../../../../test/golden/hcs/wcow.ts";
import { wcowConfidential } from "../../../../../test/golden/hcs/wcow-confidential.ts";
import { allAnnotations } from "../../../../config/annotations/table.ts";

const lcowCases = {
  "processors, memory, limits": lcowTopology,
  "NUMA nodes": lcowNuma,
  "boot and kernel": lcowBoot,
  "devices and shim": lcowDevices,
  confidential: lcowConfidential,
};
const wcowCases = { plain: wcow, confidential: wcowConfidential };

for (const [what, cases] of Object.entries(lcowCases)) {
  describe(`golden LCOW documents: ${what}`, () => runCases("LCOW", cases));
}
for (const [what, cases] of Object.entries(wcowCases)) {
  describe(`golden WCOW documents: ${what}`, () => runCases("WCOW", cases));
}

describe("the golden cases", () => {
  const named = (cases: readonly GoldenCase[]) => [
    ...new Set(cases.flatMap((one) => Object.keys(one.annotations ?? {}))),
  ];
  const lcow = Object.values(lcowCases).flat();
  const all = { LCOW: lcow, WCOW: Object.values(wcowCases).flat() };

  for (const guest of ["LCOW", "WCOW"] as const) {
    it(`have one of each annotation of a VM that ${guest} knows`, () => {
      const names = named(all[guest]);
      const missing = allAnnotations
        .filter((row) => row.scope === "vm" && (row.guest === guest || (row.guest === "both" && guest === "LCOW")))
        .filter(({ name, prefix }) => !names.some((given) => (prefix ? given.startsWith(name) : given === name)));
      assert.deepEqual(
        missing.map(({ name }) => name),
        [],
      );
    });

    it(`have no annotation that is not in the table, of ${guest}`, () => {
      const known = (given: string) =>
        allAnnotations.some(({ name, prefix }) => (prefix ? given.startsWith(name) : given === name));
      assert.deepEqual(
        named(all[guest]).filter((name) => !known(name)),
        [],
      );
    });
  }

  it("show each something else", () => {
    for (const cases of Object.values(all)) {
      const shown = cases.map(({ shows }) => shows);
      assert.equal(new Set(shown).size, shown.length, shown.filter((shows, i) => shown.indexOf(shows) !== i).join());
    }
  });
});
