import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ShimError } from "../../src/errors/shim-error.ts";
import { corpusOf, feed, fuzz, inputOf, LONGEST_MS } from "./runner.ts";
import type { Target } from "./target.ts";
import { targets } from "./targets.ts";

/** Of each target, in each runtime: seconds in all. `make fuzz` is the long run. */
const SHORT = 200;

describe("the fuzzers", () => {
  it("have a corpus each, and there is no other", () => {
    assert.deepEqual(readdirSync(join(import.meta.dirname, "corpus")).sort(), Object.keys(targets).sort());
  });

  for (const [name, open] of Object.entries(targets)) {
    it(`${name}: its corpus, and ${SHORT} inputs more, come to an end that is an outcome`, async () => {
      const target = await open();
      try {
        assert.equal(target.name, name);
        for (const entry of corpusOf(name)) {
          const start = performance.now();
          await assert.doesNotReject(async () => feed(target, entry.bytes), `corpus/${name}/${entry.name}`);
          assert.ok(performance.now() - start < LONGEST_MS, `corpus/${name}/${entry.name} takes too long`);
        }
        const { findings, inputs } = await fuzz(target, { seed: 1, from: 0, inputs: SHORT, seconds: 60 });
        assert.deepEqual(findings, []);
        assert.equal(inputs, SHORT);
      } finally {
        await target.close?.();
      }
    });
  }

  const broken = (run: Target["run"]): Target => ({ name: "records", weight: 1, damage: (_, input) => input, run });
  for (const [what, run, message] of [
    ["throws what is no ShimError", () => JSON.parse("{"), /SyntaxError/],
    ["wraps a mistake of its own", wraps, /TypeError/],
  ] as const) {
    it(`find a target that ${what}`, async () => {
      const { findings } = await fuzz(broken(run), { seed: 1, from: 0, inputs: 3, seconds: 60 });
      assert.equal(findings.length, 1);
      assert.match(String(findings[0]?.error), message);
    });
  }

  it("make an input again from the seed and its number alone", async () => {
    const target = await targets.spec?.();
    assert.ok(target !== undefined);
    const corpus = corpusOf("spec").map(({ bytes }) => bytes);
    for (const index of [0, 17, 4_000_000]) {
      assert.deepEqual(inputOf(target, corpus, 5, index), inputOf(target, corpus, 5, index));
    }
    assert.notDeepEqual(inputOf(target, corpus, 5, 1), inputOf(target, corpus, 5, 2));
    await target.close?.();
  });
});

function wraps(): never {
  try {
    return (undefined as unknown as { x: { y: never } }).x.y;
  } catch (error) {
    throw ShimError.from(error, "data-loss");
  }
}
