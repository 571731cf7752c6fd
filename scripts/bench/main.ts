/**
 * `make bench`: figures for people, each beside a peer that was measured in turn with it. Nothing passes or fails by
 * them. Written between the marks of docs/performance.md.
 *
 *   main.ts [--quick]      fewer rounds; docs/performance.md is left alone
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { benchRunTimes } from "./run-times.ts";
import { benchVmBoot } from "./vm-boot.ts";

const PAGE = "docs/performance.md";
const quick = process.argv.includes("--quick");

const benches = [
  ["run", () => benchRunTimes(quick ? 10 : 40)],
  ["vm", () => benchVmBoot(quick ? 3 : 9)],
] as const;

for (const [name, bench] of benches) {
  const figures = await bench();
  process.stdout.write(`${figures}\n\n`);
  if (!quick) record(name, `${figures}\n\n${circumstances()}`);
}

function circumstances(): string {
  const date = new Date().toISOString().slice(0, 10);
  return `Measured on ${date}, ${cpus().length} cores, ${cpus()[0]?.model.trim() ?? "unknown processor"}, Node ${process.version} as the driver.`;
}

function record(name: string, text: string): void {
  const page = readFileSync(PAGE, "utf8");
  const section = new RegExp(`(<!-- measured: ${name} -->\n)[^]*?(<!-- end -->)`);
  if (!section.test(page)) throw new Error(`${PAGE} has no section for "${name}"`);
  writeFileSync(
    PAGE,
    page.replace(section, (_, head: string, tail: string) => `${head}\n${text}\n\n${tail}`),
  );
}
