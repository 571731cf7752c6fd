/** Builds the image twice from the same packages, of apt's lists and archives. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { imageFiles } from "../../scripts/uvm-image/manifest.ts";
import { notBootable } from "./uvm.ts";

it("the image of the utility VM is the same bytes each time that it is built", { skip: notBootable() ?? false }, () => {
  // Of another length than out/uvm, and of another name each time: no path may be in the bytes.
  const directory = mkdtempSync("out/uvm-twice-");
  try {
    const build = join(import.meta.dirname, "../../scripts/uvm-image/build");
    execFileSync(build, ["--out", join(directory, "image"), "--force"], { stdio: ["ignore", "ignore", "inherit"] });
    // Up to date, or built now of the same inputs.
    execFileSync(build, { stdio: ["ignore", "ignore", "inherit"] });
    for (const name of [...imageFiles, "manifest.json"]) {
      const [first, second] = ["out/uvm", join(directory, "image")].map((image) => readFileSync(join(image, name)));
      assert.ok(first !== undefined && second?.equals(first), name);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});
