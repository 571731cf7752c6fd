/** What users of containerd wait for, through `ctr`: run alone and in a crowd, exec, and what ctr asks of a task. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layBusybox } from "../../test/harness/busybox.ts";
import { runOk } from "../../test/harness/command.ts";
import type { Machine } from "../../test/harness/machine.ts";
import type { Metric } from "./metric.ts";
import type { Part } from "./part.ts";
import { inTurn, type Pair, timed } from "./rounds.ts";
import { PEER_NAME, withContainers, withMachines } from "./shims.ts";

export const containers: Part = {
  title: "Containers, stack `local`",
  about:
    "containerd, `ctr` and image are the same for both shims. The shell loop is runc alone, without containerd and shim.",
  seconds: 240,
  async run(record, quick) {
    const rounds = quick ? 6 : 30;
    await withMachines(async (machines) => {
      await record.measure("`ctr run --rm true`", 120, async () => {
        const alone = await inTurn(rounds, (side) => timed(() => runTrue(machines[side])));
        const metric = beside("run-alone", "`ctr run --rm true`", alone);
        const values = await timeRunc(rounds);
        return [
          metric,
          {
            ...metric,
            id: "run-bound",
            peer: { name: "a shell's runc create, start, delete: no shim gets below", values },
          },
        ];
      });
      await record.measure("8 of them at once", 120, async () => {
        const eight = (machine: Machine) => Promise.all(Array.from({ length: 8 }, () => runTrue(machine)));
        const crowd = await inTurn(Math.ceil(rounds / 3), (side) => timed(() => eight(machines[side])));
        return [beside("run-eight", "8 of them at once", crowd)];
      });
      await withContainers(machines, "exec", async (ids) => {
        await record.measure("`ctr task exec true`", 60, async () => {
          const exec = await inTurn(rounds, (side, round) =>
            timed(() => runOk(machines[side].ctr.execArgv(ids[side], `e${round}`, ["true"]))),
          );
          return [beside("exec", "`ctr task exec true`", exec)];
        });
        await record.measure("`ctr task ps`", 60, async () => {
          const ps = await inTurn(rounds, (side) => timed(() => machines[side].ctr.ok("tasks", "ps", ids[side])));
          return [beside("ps", "`ctr task ps`", ps)];
        });
      });
    });
  },
};

function beside(id: string, title: string, { ours, peer }: Pair<number[]>): Metric {
  return { id, title, unit: "ms", ours, peer: { name: PEER_NAME, values: peer } };
}

async function runTrue(machine: Machine): Promise<void> {
  await runOk(machine.ctr.runArgv(machine.id("bench"), ["true"], ["--rm"]));
}

/** What of it is runc's own: the least that it takes. */
async function timeRunc(rounds: number): Promise<number[]> {
  const directory = mkdtempSync(join(tmpdir(), "uvm-bench-"));
  try {
    layBusybox(join(directory, "rootfs"), ["true"]);
    mkdirSync(join(directory, "rootfs/proc"));
    const namespaces = ["pid", "ipc", "uts", "mount", "network"].map((type) => ({ type }));
    const spec = {
      ociVersion: "1.0.2",
      process: { cwd: "/", args: ["/bin/true"], user: { uid: 0, gid: 0 } },
      root: { path: "rootfs" },
      mounts: [{ destination: "/proc", type: "proc", source: "proc" }],
      linux: { namespaces },
    };
    writeFileSync(join(directory, "config.json"), JSON.stringify(spec));
    const id = `bench-${process.pid}`;
    const runc = `runc --root ${directory}/state`;
    const script = `${runc} create ${id} && ${runc} start ${id} && ${runc} delete --force ${id}`;
    const took: number[] = [];
    for (let round = -1; round < rounds; round++) {
      const one = await timed(() => runOk(["sh", "-c", `${script} >/dev/null 2>&1`], { cwd: directory }));
      // The first round finds cold files.
      if (round >= 0) took.push(one);
    }
    return took;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
