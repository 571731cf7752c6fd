/**
 * The project's own rules, those that neither the compiler nor Biome knows:
 * `main.ts [--root DIR] [CHECK...]`, all checks by default. Prints every problem and exits 1 if there is one.
 */
import { parseArgs } from "node:util";
import { checks } from "./checks.ts";
import { readSources } from "./sources.ts";

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
