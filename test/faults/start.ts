import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DeleteResponse } from "../../src/generated/containerd/task/v2.ts";
import type { ShimProgram } from "../harness/shim-program.ts";
import { until } from "../harness/until.ts";
import { alive, appears, daemonsLeft, timed } from "./observe.ts";
import { finished, points, prepared, removed, started } from "./program-task.ts";
import { type FaultRow, onProgram } from "./row.ts";

/** What containerd does after a `start` that failed or was killed, and then tries again. */
async function tidied(shim: ShimProgram, bundle: { id: string; bundle: string }): Promise<string> {
  const call = { bundle: bundle.bundle, flags: ["-bundle", bundle.bundle] };
  const { code, bytes } = await shim.call(bundle.id, ["delete"], call);
  await until("no daemon runs", () => shim.traces.processes().length === 0);
  shim.removeBundle(bundle.bundle);
  return code === 0 ? `delete tells ${DeleteResponse.decode(bytes).exitStatus}` : "delete fails";
}

/** What is to be the daemon ends at a failpoint, inside `start`; its launcher is left. */
function interrupted(what: string, terms: Readonly<Record<string, string>>, expected: string): FaultRow {
  return onProgram({
    fault: `start interrupted: ${what}`,
    stacks: ["local"],
    failpoints: true,
    expected,
    async run(shim) {
      const bundle = await prepared(shim, "interrupted", points(terms));
      const { code, stdout, stderr } = await shim.call(bundle.id, ["start"], { bundle: bundle.bundle });
      const lines = stderr.trim() === "" ? 0 : stderr.trim().split("\n").length;
      const daemons = await daemonsLeft(shim);
      const record = existsSync(join(bundle.bundle, "uvm-shim.json")) ? "its record left" : "no record";
      const seen = `code ${code}, ${stdout === "" ? "no address" : "an address"}, lines of error: ${lines}; daemons: ${daemons}, ${record}`;
      return `${seen}; ${await tidied(shim, bundle)}`;
    },
  });
}

/** Several `start` at once: how many daemons, how many addresses. */
async function raced(shim: ShimProgram, starts: readonly { id: string; bundle: string }[]): Promise<string> {
  const results = await Promise.all(starts.map(({ id, bundle }) => shim.call(id, ["start"], { bundle })));
  const failed = results.filter(({ code }) => code !== 0).map(({ stderr }) => stderr.trim());
  const addresses = new Set(results.map(({ stdout }) => stdout));
  await until("the losers are gone", () => shim.traces.processes().length === 1).catch(() => {});
  const daemons = shim.traces.processes().length;
  const [first] = results;
  if (first !== undefined) {
    const task = await shim.task(first.stdout);
    await task.shutdown({ id: starts[0]?.id ?? "", now: false }).catch(() => {});
  }
  for (const bundle of new Map(starts.map((each) => [each.bundle, each])).values()) await removed(shim, bundle);
  return `${failed.length === 0 ? "all answered" : failed.join("; ")}; addresses: ${addresses.size}; daemons: ${daemons}`;
}

export const startRows: readonly FaultRow[] = [
  interrupted(
    "kill -9 with its record written, before it serves",
    { "start.spawn": "kill" },
    "code 1, no address, lines of error: 1; daemons: 0, no record; delete tells 137",
  ),
  interrupted(
    "kill -9 before it answers",
    { "start.reply": "kill" },
    "code 1, no address, lines of error: 1; daemons: 0, no record; delete tells 137",
  ),
  interrupted(
    "kill -9 before it has its socket",
    { "daemon.bind": "kill" },
    "code 1, no address, lines of error: 1; daemons: 0, no record; delete tells 137",
  ),
  interrupted(
    "kill -9 with its socket, before it is ready",
    { "daemon.bound": "kill" },
    "code 1, no address, lines of error: 1; daemons: 0, no record; delete tells 137",
  ),
  interrupted(
    "fails with its socket, before it is ready",
    { "daemon.bound": "error(no luck)" },
    "code 1, no address, lines of error: 1; daemons: 0, no record; delete tells 137",
  ),
  interrupted(
    "fails when it serves, before it answers",
    { "start.reply": "error(no luck)" },
    "code 1, no address, lines of error: 1; daemons: 0, no record; delete tells 137",
  ),
  onProgram({
    fault: "start interrupted: launcher kill -9 while the daemon comes up",
    stacks: ["local"],
    failpoints: true,
    expected: "the daemon leaves in 3 s; delete tells 137",
    async run(shim) {
      const path = join(shim.traces.directory, "coming-up");
      const bundle = await prepared(shim, "comingup", points({ "daemon.bound": `hold(${path})` }));
      const launcher = shim.begin(bundle.id, ["start"], { bundle: bundle.bundle });
      await appears(`${path}.reached`);
      launcher.kill("SIGKILL");
      await until("the launcher's end", () => !alive(launcher.pid));
      const daemons = shim.traces.processes().filter(({ pid }) => pid !== launcher.pid);
      writeFileSync(path, "");
      // EOF on what it lent.
      await launcher.result();
      const left = await timed(3, () => until("the daemon leaves", () => daemons.every(({ pid }) => !alive(pid))));
      return `the daemon leaves ${left}; ${await tidied(shim, bundle)}`;
    },
  }),
  onProgram({
    fault: "start twice, one after the other, of one id",
    stacks: ["local"],
    expected: "the same address; daemons: 1",
    async run(shim) {
      const bundle = await prepared(shim, "twice");
      const first = await started(shim, bundle);
      const second = await started(shim, bundle);
      const daemons = shim.traces.processes().length;
      await finished(shim, first);
      return `${first.address === second.address ? "the same address" : "another address"}; daemons: ${daemons}`;
    },
  }),
  onProgram({
    fault: "eight starts at once of one id",
    stacks: ["local"],
    expected: "all answered; addresses: 1; daemons: 1",
    async run(shim) {
      const bundle = await prepared(shim, "race");
      return await raced(shim, Array(8).fill(bundle));
    },
  }),
  onProgram({
    fault: "eight containers of one pod race for its socket",
    stacks: ["local"],
    expected: "all answered; addresses: 1; daemons: 1",
    async run(shim) {
      const pod = shim.traces.id("pod");
      const members = Array.from({ length: 8 }, () =>
        prepared(shim, "member", { "io.kubernetes.cri.sandbox-id": pod }),
      );
      return await raced(shim, await Promise.all(members));
    },
  }),
];
