import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Metric, Section } from "./metric.ts";
import { pageData, pageText, sectionText, withMeasured } from "./page.ts";
import { targets } from "./targets.ts";

const metric = (id: string, ours: readonly number[], peer?: readonly number[]): Metric => ({
  ...{ id, title: `the ${id}`, unit: "ms", ours },
  ...(peer === undefined ? {} : { peer: { name: "Go", values: peer } }),
});
const section = (metrics: readonly Metric[], failures: Section["failures"] = []): Section => ({
  ...{ title: "A part", about: "How.", metrics, failures },
});

describe("the bench's page", () => {
  it("shows each metric beside its peer, its target, and what could not be measured", () => {
    const failures = [{ what: "the other", why: "no end\nafter 3 s | at all" }];
    const text = sectionText(section([metric("start", [1, 3, 2], [4, 4, 4]), metric("none", [7])], failures));
    assert.match(text, /^\| the start \| 2\.00 \(1\.00 to 3\.00\) ms \| 4\.00 .* \| Go \| 0\.500 \| <= 1: met \|$/m);
    assert.match(text, /^\| the none \| 7\.00 ms \| - \| - \| - \| - \|$/m);
    assert.match(text, /^\| the other \| \*\*not measured\*\*: no end after 3 s \\\| at all \| - /m);
    assert.doesNotMatch(text, /Missed/);
  });

  it("gives a reason for each missed target, and says where there is none", () => {
    const missed = section([metric("start", [2], [1]), metric("delete", [2], [1])]);
    const text = sectionText(missed, { start: "it is late." });
    assert.match(text, /^- the start: it is late\.$/m);
    assert.match(text, /^- the delete: missed, no reason given\.$/m);
  });

  it("counts the targets that are met, and names those that were not measured", () => {
    const text = pageText([section([metric("start", [1], [2]), metric("delete", [2], [1])])], "Somewhere.");
    assert.match(
      text,
      new RegExp(`^1 of ${Object.keys(targets).length} targets are met\\. Not measured: .*\`exec\`.*\\. Somewhere\\.`),
    );
    assert.doesNotMatch(text.split("\n", 1)[0] ?? "", /`start`|`delete`/);
  });

  it("stands between its marks, and nowhere else", () => {
    const page = "# P\n<!-- measured -->\nold $&\n<!-- end -->\nrest\n";
    assert.equal(withMeasured(page, "a $& b"), "# P\n<!-- measured -->\n\na $& b\n\n<!-- end -->\nrest\n");
    assert.throws(() => withMeasured("# P\n", "a"), /no place/);
  });

  it("is there as data, the failures with it", () => {
    const data = pageData([section([metric("start", [1, 2, 3], [2])], [{ what: "x", why: "y" }])], { commit: "c" });
    assert.deepEqual(JSON.parse(JSON.stringify(data)), {
      commit: "c",
      metrics: [
        {
          ...{ id: "start", title: "the start", unit: "ms", ratio: 1, target: { atMost: 1 }, met: true },
          ours: { median: 2, min: 1, max: 3, p25: 1, p75: 2, rounds: 3 },
          peer: { name: "Go", median: 2, min: 2, max: 2, p25: 2, p75: 2, rounds: 1 },
        },
      ],
      failures: [{ section: "A part", what: "x", why: "y" }],
    });
  });
});
