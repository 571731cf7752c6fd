/**
 * The project's own rules, those that neither the compiler nor Biome knows:
 * `main.ts [--root DIR] [CHECK...]`, all checks by default. Prints every problem and exits 1 if there is one.
 */
import { parseArgs } from "node:util";
import { checkCycles } from "./cycles.ts";
import { checkFileLength } from "./file-length.ts";
import { checkLayers } from "./layers.ts";
import { checkLinks } from "./links.ts";
import { checkPackages } from "./packages.ts";
import { checkSeeds } from "./seeds.ts";
import { checkSkippedTests } from "./skipped-tests.ts";
import { readSources, type Source } from "./sources.ts";
import { checkStartPath } from "./start-path.ts";

/** What containerd waits for: the daemon until it serves. */
const startPath = ["cmd/containerd-shim-uvm-v1/main.ts", "cmd/containerd-shim-uvm-v1/start.ts"];

const checks: Record<string, (sources: readonly Source[], root: string) => string[]> = {
  layers: checkLayers,
  cycles: checkCycles,
  "start-path": (sources) => startPath.flatMap((entry) => checkStartPath(sources, entry)),
  "file-length": (sources) => {
    const product = checkFileLength(sources.filter(({ path }) => isProduct(path)));
    const rest = checkFileLength(sources.filter(({ path }) => !isProduct(path)));
    process.stdout.write(`file length: median ${product.median} lines (product), ${rest.median} (tests and scripts)\n`);
    return [...product.problems, ...rest.problems];
  },
  "skipped-tests": checkSkippedTests,
  links: (_, root) => checkLinks(root),
  seeds: (_, root) => checkSeeds(root),
  packages: (_, root) => checkPackages(root),
};

function isProduct(path: string): boolean {
  return (path.startsWith("src/") || path.startsWith("cmd/")) && !path.endsWith(".test.ts");
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { root: { type: "string", default: process.cwd() } },
});
const sources = readSources(values.root);
let failed = false;
for (const name of positionals.length > 0 ? positionals : Object.keys(checks)) {
  const check = checks[name];
  const problems =
    check === undefined ? [`no such check; there are: ${Object.keys(checks).join(" ")}`] : check(sources, values.root);
  failed ||= problems.length > 0;
  process.stdout.write(
    `${problems.length === 0 ? "ok  " : "FAIL"} ${name}\n${problems.map((line) => `     ${line}\n`).join("")}`,
  );
}
process.exitCode = failed ? 1 : 0;
