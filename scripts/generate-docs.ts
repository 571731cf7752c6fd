/**
 * Writes the parts of the documentation that are data in the code, between `<!-- generated: NAME -->` and
 * `<!-- end -->`: state tables, the floors, the configuration keys, the interfaces.
 *
 *   generate-docs.ts            writes them
 *   generate-docs.ts --check    writes nothing; exits 1 where a page is not current
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { vmCommandsHelp } from "../cmd/uvmctl/help-page.ts";
import { renderStateTable, type StateTable } from "../src/orchestration/state-table.ts";
import { refusals } from "../src/vmservice/refusals.ts";
import { servedVmStates } from "../src/vmservice/state.ts";
import { complianceTable } from "../test/compliance/table.ts";
import { matrix } from "../test/faults/matrix.ts";
import type { StackName } from "../test/faults/row.ts";
import { floors } from "./check/layers.ts";
import { renderAnnotations, renderConfiguration } from "./docs/configuration.ts";

const pages = [
  "docs/architecture.md",
  "docs/configuration.md",
  "docs/faults.md",
  "docs/stacks.md",
  "docs/uvmctl.md",
  "docs/vmservice.md",
];

const sections: Record<string, () => string | Promise<string>> = {
  floors: renderFloors,
  states: renderStates,
  configuration: renderConfiguration,
  interfaces: renderInterfaces,
  faults: renderFaults,
  annotations: renderAnnotations,
  compliance: () => `${complianceTable().join("\n")}\n`,
  vmservice: () => renderStateTable(servedVmStates),
  refusals: renderRefusals,
  uvmctl: () => vmCommandsHelp(),
};

function renderFloors(): string {
  const lines = floors.map((folders) => folders.filter((folder) => existsSync(folder)).join("  "));
  return `\`\`\`\n${lines.filter((line) => line !== "").join("\n")}\n\`\`\`\n`;
}

async function renderStates(): Promise<string> {
  const tables: string[] = [];
  for (const path of filesNamed("src", "state.ts")) {
    const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
    for (const value of Object.values(module)) {
      if (isStateTable(value)) tables.push(`### The ${value.resource} (\`${path}\`)\n\n${renderStateTable(value)}`);
    }
  }
  return tables.join("\n");
}

function isStateTable(value: unknown): value is StateTable {
  return typeof value === "object" && value !== null && "resource" in value && "initial" in value && "states" in value;
}

function renderRefusals(): string {
  const rows = refusals.map(({ field, why }) => `| \`${field}\` | ${why} |`);
  return ["| set in VMConfig | |", "| --- | --- |", ...rows, ""].join("\n");
}

function renderFaults(): string {
  const rows = matrix.flatMap(({ fault, stacks, expected }) => {
    const alike = typeof expected === "string" || stacks.length === 1;
    const told = (stack: StackName): string => (typeof expected === "string" ? expected : expected[stack]);
    const [first = "local"] = stacks;
    if (alike) return [`| ${fault} | ${stacks.join(", ")} | ${told(first)} |`];
    return stacks.map((stack) => `| ${fault} | ${stack} | ${told(stack)} |`);
  });
  return ["| fault | stack | what must be seen |", "| --- | --- | --- |", ...rows, ""].join("\n");
}

/** The interfaces that the floors offer each other: those that say what they are, with their members. */
function renderInterfaces(): string {
  const files = [
    "src/orchestration/tasks.ts",
    "src/orchestration/events.ts",
    ...filesNamed("src/orchestration", "ports.ts"),
    ...["uvm.ts", "lifetime.ts"].map((name) => `src/vmmanager/${name}`),
    "src/guestmanager/guest.ts",
    "src/gcs/host.ts",
    "src/transport/sockets.ts",
    "src/stdio/endpoints.ts",
    "src/sys/byte-stream.ts",
    "src/sys/runtime.ts",
  ];
  const rows = files.flatMap((path) =>
    interfacesOf(readFileSync(path, "utf8")).map(
      ({ name, about, members }) => `| \`${name}\` | ${about} | ${members.join(", ")} | \`${path}\` |`,
    ),
  );
  return ["| interface | what it is | members | file |", "| --- | --- | --- | --- |", ...rows, ""].join("\n");
}

function interfacesOf(text: string): { name: string; about: string; members: string[] }[] {
  const declaration = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport interface (\w+)[^{]*\{\n([\s\S]*?)^\}/gm;
  return [...text.matchAll(declaration)].map(([, comment = "", name = "", body = ""]) => {
    const prose = comment
      .replace(/^\s*\* ?/gm, " ")
      .replace(/\s+/g, " ")
      .trim();
    const about = (/^.*?[.:](?= |$)/.exec(prose)?.[0] ?? prose).replace(/:$/, ".");
    const members = [...body.matchAll(/^ {2}(?:readonly )?(\w+)[?]?[(:<]/gm)].map(([, member = ""]) => member);
    return { name, about, members: [...new Set(members)] };
  });
}

function filesNamed(root: string, name: string): string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((path) => join(root, path))
    .filter((path) => path.endsWith(`/${name}`))
    .sort();
}

const check = process.argv.includes("--check");
let stale = false;
for (const page of pages) {
  const text = readFileSync(page, "utf8");
  let current = text;
  for (const [, name = ""] of text.matchAll(/<!-- generated: (\w+) -->/g)) {
    const section = sections[name];
    if (section === undefined)
      throw new Error(`${page}: no section ${name}; there are ${Object.keys(sections).join(" ")}`);
    const body = await section();
    const place = new RegExp(`(<!-- generated: ${name} -->\\n)[\\s\\S]*?(<!-- end -->)`);
    current = current.replace(place, (_, head: string, end: string) => `${head}\n${body}\n${end}`);
  }
  if (current === text) continue;
  stale = true;
  if (check) process.stdout.write(`${page} is not current: run make docs\n`);
  else writeFileSync(page, current);
}
process.exitCode = check && stale ? 1 : 0;
