/** What pods do while nobody asks anything of them. */
import { setTimeout as sleep } from "node:timers/promises";
import { Machine } from "../../test/harness/machine.ts";
import { runtimeUnderTest } from "../../test/harness/runtime-under-test.ts";
import { cpuSeconds, SETTLED_MS } from "./footprint.ts";
import type { Part } from "./part.ts";
import { OURS, PEER, PEER_NAME } from "./shims.ts";

/** Beside each other: none of them does much. */
const idlers = [
  [OURS, "local"],
  [OURS, "qemu"],
  [PEER, "local"],
] as const;

export const idle: Part = {
  title: "Idle pods",
  about:
    "The CPU time of a pod's daemon over a minute, in percent of one processor; the kernel counts in hundredths of a second.",
  seconds: 240,
  slow: true,
  async run(record, quick) {
    const seconds = quick ? 10 : 60;
    await record.measure("CPU of idle pods", 220, async () => {
      const machines: Machine[] = [];
      const pods: [Machine, string][] = [];
      try {
        for (const [runtime, stack] of idlers) {
          const machine = await Machine.start({ runtime: runtimeUnderTest(runtime, stack) });
          machines.push(machine);
          const id = machine.id("idle");
          pods.push([machine, id]);
          await machine.ctr.runDetached(id, ["sleep", "100000"]);
        }
        const pids = pods.map(([machine, id]) => machine.daemonOf(id).pid);
        await sleep(SETTLED_MS);
        const before = pids.map(cpuSeconds);
        await sleep(seconds * 1000);
        const [local = [], vm = [], peer = []] = pids.map((pid, index) => [
          ((cpuSeconds(pid) - (before[index] ?? 0)) / seconds) * 100,
        ]);
        const [title, inVm] = ["daemon of an idle pod, stack `local`", "daemon of an idle pod in a VM"];
        // No ratio: the peer's may be nothing at all.
        const go = `${PEER_NAME} of an idle pod`;
        return [
          { id: "idle-local", title, unit: "%", ours: local },
          { id: "idle-peer", title: go, unit: "%", ours: peer },
          { id: "idle-vm", title: inVm, unit: "%", ours: vm },
        ];
      } finally {
        for (const [machine, id] of pods) await machine.ctr.remove(id);
        for (const machine of machines) await machine.close();
      }
    });
  },
};
