/** What pods hold in memory, and what each process that runs in one adds. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "../../test/harness/command.ts";
import { SETTLED_MS, shimsPss } from "./footprint.ts";
import type { Part } from "./part.ts";
import type { Pair } from "./rounds.ts";
import { PEER_NAME, sides, withContainers, withMachines } from "./shims.ts";

const EXECS = 10;

export const memory: Part = {
  title: "Memory, stack `local`",
  about: `All processes of the shim, idle for ${SETTLED_MS / 1000} seconds; shared pages count by their share.`,
  seconds: 300,
  async run(record, quick) {
    await withMachines(async (machines) => {
      const ids: Pair<string[]> = { ours: [], peer: [] };
      try {
        for (const count of quick ? [1, 10] : [1, 10, 50]) {
          const title = `PSS of a pod's shim, ${count} ${count === 1 ? "pod" : "pods"}`;
          await record.measure(title, 150, async () => {
            for (const side of sides) {
              while (ids[side].length < count) {
                const id = machines[side].id("pod");
                ids[side].push(id);
                await machines[side].ctr.runDetached(id, ["sleep", "100000"]);
              }
            }
            await sleep(SETTLED_MS);
            const peer = { name: PEER_NAME, values: shimsPss(machines.peer) };
            return [{ id: `pss-${count}`, title, unit: "MiB", ours: shimsPss(machines.ours), peer }];
          });
        }
      } finally {
        for (const side of sides) await Promise.all(ids[side].map((id) => machines[side].ctr.remove(id)));
      }
      await withContainers(machines, "execs", async (ids) => {
        await record.measure("PSS that an exec adds", 100, async () => {
          const execs: Command[] = [];
          try {
            await sleep(SETTLED_MS);
            const before = { ours: shimsPss(machines.ours), peer: shimsPss(machines.peer) };
            for (const side of sides) {
              for (let index = 0; index < EXECS; index++) {
                execs.push(await machines[side].ctr.execInBackground(ids[side], `e${index}`, ["sleep", "100000"]));
              }
            }
            await sleep(SETTLED_MS);
            const added = (side: "ours" | "peer"): number[] => [
              (((shimsPss(machines[side])[0] ?? Number.NaN) - (before[side][0] ?? Number.NaN)) * 1024) / EXECS,
            ];
            const title = `PSS that an exec adds to its pod's shim, of ${EXECS} that run`;
            return [
              {
                id: "pss-exec",
                title,
                unit: "KiB",
                ours: added("ours"),
                peer: { name: PEER_NAME, values: added("peer") },
              },
            ];
          } finally {
            for (const exec of execs) exec.kill();
            for (const exec of execs) await exec.result(10_000);
          }
        });
      });
    });
  },
};
