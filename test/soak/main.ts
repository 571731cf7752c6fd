/**
 * `main.ts [--stack STACK] [--containerd RELEASE] [--count N] [PART...]`: the soak of out/containerd-shim-uvm-v1 on real containerd, or
 * those of its parts that are named (pods, members, crowd, restarts). Prints a table for each and ends with 1 where a
 * line of one did not hold.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Machine } from "../harness/machine.ts";
import { runtimeUnderTest, shimDirectory } from "../harness/runtime-under-test.ts";
import type { StackUnderTest } from "../harness/stack-under-test.ts";
import { crowd } from "./crowd.ts";
import { type Finding, findingsTable } from "./finding.ts";
import type { Amount } from "./lifecycle.ts";
import { memberLifecycles, podLifecycles } from "./lifecycles.ts";
import { restarts } from "./restart.ts";

interface Run {
  readonly part: keyof typeof parts;
  readonly stack: StackUnderTest["name"];
  readonly containerd: keyof typeof releases;
  readonly count: number;
  readonly atOnce: number;
}

const parts = {
  pods: podLifecycles,
  members: memberLifecycles,
  crowd,
  restarts,
} satisfies Record<string, (machine: Machine, amount: Amount) => Promise<Finding[]>>;

const peers = join(shimDirectory, "peers");
const releases = {
  "1.6": { binary: "/usr/bin/containerd", ctr: "/usr/bin/ctr" },
  "2.4": { binary: join(peers, "containerd"), ctr: join(peers, "ctr") },
};

/** Fewer on the stack where each is a VM, or runs in one, under emulation. */
const runs: readonly Run[] = [
  { part: "pods", stack: "local", containerd: "1.6", count: 1000, atOnce: 3 },
  { part: "members", stack: "local", containerd: "1.6", count: 2000, atOnce: 3 },
  { part: "crowd", stack: "local", containerd: "1.6", count: 200, atOnce: 2 },
  { part: "restarts", stack: "local", containerd: "1.6", count: 50, atOnce: 3 },
  { part: "restarts", stack: "local", containerd: "2.4", count: 50, atOnce: 3 },
  { part: "members", stack: "qemu", containerd: "1.6", count: 60, atOnce: 2 },
  { part: "crowd", stack: "qemu", containerd: "1.6", count: 20, atOnce: 2 },
  { part: "restarts", stack: "qemu", containerd: "1.6", count: 5, atOnce: 1 },
  { part: "restarts", stack: "qemu", containerd: "2.4", count: 5, atOnce: 1 },
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { stack: { type: "string" }, containerd: { type: "string" }, count: { type: "string" } },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function soak({ part, stack, containerd, count, atOnce }: Run): Promise<Finding[]> {
  const machine = await Machine.start({ runtime: runtimeUnderTest(undefined, stack), ...releases[containerd] });
  try {
    await machine.warmUp();
    return await parts[part](machine, { count, atOnce, say: (line) => say(`  ${line}`) });
  } finally {
    await machine.close();
  }
}

function ended(error: unknown): Finding {
  const seen = error instanceof Error ? error.message : String(error);
  return { what: "the run", expected: "to its end", seen, holds: false };
}

const known = Object.keys(parts);
const unknown = positionals.find((name) => !known.includes(name));
if (unknown !== undefined) throw new Error(`no part ${unknown}; there are: ${known.join(" ")}`);
const chosen = runs.filter(
  ({ part, stack, containerd }) =>
    (positionals.length === 0 || positionals.includes(part)) &&
    stack === (values.stack ?? stack) &&
    containerd === (values.containerd ?? containerd),
);
let held = 0;
let failed = 0;
for (const run of chosen) {
  const { part, stack, containerd } = run;
  const title = `${part}, stack ${stack}, containerd ${containerd}`;
  if (!existsSync(releases[containerd].binary)) {
    say(`== ${title}: skipped, ${releases[containerd].binary} is not built (make test-peers)`);
    continue;
  }
  say(`== ${title}`);
  const began = Date.now();
  const amount = values.count === undefined ? run : { ...run, count: Number(values.count) };
  const findings = await soak(amount).catch((error: unknown) => [ended(error)]);
  say(`\n${findingsTable(findings)}\n`);
  say(`== ${title}: ${Math.round((Date.now() - began) / 1000)} s`);
  held += findings.filter(({ holds }) => holds).length;
  failed += findings.filter(({ holds }) => !holds).length;
}
say(`soak: ${held} held, ${failed} failed`);
process.exitCode = failed === 0 && held > 0 ? 0 : 1;
