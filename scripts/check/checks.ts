import { checkCycles } from "./cycles.ts";
import { checkFileLength } from "./file-length.ts";
import { checkLayers } from "./layers.ts";
import { checkLinks } from "./links.ts";
import { checkPackages } from "./packages.ts";
import { checkSeeds } from "./seeds.ts";
import { checkSkippedTests } from "./skipped-tests.ts";
import type { Source } from "./sources.ts";
import { checkStartPath } from "./start-path.ts";

/** What containerd waits for: the daemon until it serves. */
const startPath = ["cmd/containerd-shim-uvm-v1/main.ts", "cmd/containerd-shim-uvm-v1/start.ts"];

/** By name: the problems of the project in `root`, whose sources these are. */
export const checks: Record<string, (sources: readonly Source[], root: string) => string[]> = {
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
