import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { makeDocument } from "../../../../../test/golden/hcs/case.ts";
import { allAnnotations } from "../../../../config/annotations/table.ts";
import { ShimError } from "../../../../errors/shim-error.ts";
import { parseJson, stringifyJson } from "../../../../oci/json.ts";
import { computeSystem } from "../schema/compute-system.ts";

const RUNS = 1500;

/** Values as users write them, and as nobody should. */
const values = fc.oneof(
  fc.constantFrom(
    "true",
    "false",
    "0",
    "1",
    "2",
    "8",
    "512",
    "1024",
    "0,1",
    "1,1",
    "512,512",
    "255,255",
    "initrd",
    "vhd",
  ),
  fc.constantFrom("4294967296", "18446744073709551615", "-2147483648", "C:\\snp", "C:\\vhd", "SNP", "e30=", "{}", "[]"),
  fc.constantFrom(
    '[{"Key":{"Hive":"Software","Name":"x"},"Name":"n","Type":"QWord","QWordValue":18446744073709551615}]',
  ),
  fc.integer({ min: -5, max: 70_000 }).map(String),
  fc.string({ maxLength: 12 }),
);
const names = allAnnotations
  .filter(({ name }) => !name.endsWith("ncproxy") && !name.endsWith("kerneldrivers"))
  .map(({ name, prefix }) => (prefix ? `${name}aaaaaaaa-0000-0000-0000-000000000001` : name));
const some = fc.dictionary(fc.constantFrom(...names), values, { maxKeys: 6 });

describe("any annotations", () => {
  for (const guest of ["LCOW", "WCOW"] as const) {
    it(`of ${guest} give a document that can be read back, or an error of ours`, () => {
      const told = { documents: 0, errors: 0 };
      fc.assert(
        fc.property(some, fc.boolean(), (annotations, vpmem) => {
          let document: unknown;
          try {
            document = makeDocument(guest, { shows: "", annotations, abilities: { vpmem } });
          } catch (error) {
            assert.ok(error instanceof ShimError, String(error));
            told.errors += 1;
            return;
          }
          const text = stringifyJson(document);
          const again = computeSystem.decode(parseJson(text), "document");
          assert.equal(stringifyJson(computeSystem.encode(again)), text);
          told.documents += 1;
        }),
        { numRuns: RUNS },
      );
      assert.ok(told.documents > RUNS / 10 && told.errors > RUNS / 20, JSON.stringify(told));
    });
  }
});
