/**
 * The guard against growing slow, in counts instead of seconds: calls, processes, messages, descriptors and wake-ups of a
 * pod's life, against what is recorded beside this file. More than that fails; less is good, and worth a new record.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { notBootable } from "../qemu/uvm.ts";
import { allowed, type Counts, count } from "./count.ts";

describe("what a pod's life takes, in counts", () => {
  for (const stack of ["local", "qemu"] as const) {
    const skip = stack === "qemu" ? (notBootable() ?? false) : false;
    it(`is not more than recorded on stack ${stack}`, { skip }, async (t) => {
      const recorded = JSON.parse(readFileSync(new URL(`${stack}.json`, import.meta.url), "utf8")) as Counts;
      const counts = await count(stack);
      const problems = Object.entries(counts).flatMap(([name, value]) => {
        const bound = allowed(name, recorded[name] ?? 0);
        return value > bound ? [`${name}: ${value}, recorded ${recorded[name] ?? "nothing"}, allowed ${bound}`] : [];
      });
      for (const [name, value] of Object.entries(recorded)) {
        const now = counts[name] ?? 0;
        if (now < value) t.diagnostic(`${name}: ${now}, less than the ${value} recorded`);
      }
      const remedy = `if that is meant: node --import tsx test/budget/main.ts --record ${stack}`;
      assert.equal(problems.length, 0, `${problems.join("\n")}\n${remedy}`);
    });
  }
});
