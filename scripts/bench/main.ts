/**
 * `make bench`: figures for people, each beside a peer that was measured in turn with it. Nothing passes or fails by
 * them. A whole run takes some 15 minutes and writes docs/performance.{md,json,svg}.
 *
 *   main.ts [--quick] [--only NAME[,NAME...]]      fewer rounds, or a part: only printed
 */
import { parseArgs } from "node:util";
import { benchContainers } from "./containers.ts";
import { benchLifecycle } from "./lifecycle.ts";
import { benchCrowd, benchIdle, benchMemory } from "./memory.ts";
import type { Section } from "./metric.ts";
import { sectionText, writePage } from "./page.ts";
import { benchEcho, benchTaskCalls } from "./rpc.ts";
import { benchStdio } from "./stdio.ts";
import { benchVm } from "./vm.ts";
import { benchVmLife } from "./vm-life.ts";
import { benchVmStdio } from "./vm-stdio.ts";

const { values } = parseArgs({ options: { quick: { type: "boolean" }, only: { type: "string" } } });
const quick = values.quick === true;

const benches: Readonly<Record<string, () => Promise<Section>>> = {
  lifecycle: () => benchLifecycle(quick ? 10 : 40),
  containers: () => benchContainers(quick ? 8 : 30),
  calls: () => benchTaskCalls(quick ? 3 : 7, quick ? 5000 : 20_000),
  echo: () => benchEcho(quick ? 3 : 7, quick ? 5000 : 20_000),
  stdio: () => benchStdio(quick ? 2 : 5),
  memory: () => benchMemory(quick ? [1, 10] : [1, 10, 50]),
  crowd: () => benchCrowd(quick ? 1 : 3),
  vm: () => benchVm(quick ? 1 : 5),
  "vm-life": () => benchVmLife(quick ? 1 : 3),
  "vm-stdio": () => benchVmStdio(quick ? 1 : 3),
  idle: () => benchIdle(quick ? 10 : 60),
};

const only = values.only?.split(",");
const unknown = only?.find((name) => !(name in benches));
if (unknown !== undefined) throw new Error(`no bench "${unknown}": ${Object.keys(benches).join(", ")}`);

const sections: Section[] = [];
for (const [name, bench] of Object.entries(benches)) {
  if (only !== undefined && !only.includes(name)) continue;
  const begin = performance.now();
  const section = await bench();
  sections.push(section);
  process.stdout.write(`${sectionText(section)}\n\n`);
  process.stderr.write(`bench: ${name} took ${((performance.now() - begin) / 1000).toFixed(0)} s\n`);
}
if (!quick && only === undefined) await writePage(sections);
