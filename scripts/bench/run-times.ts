/** How long `ctr run --rm ... true` takes with this shim's local stack and with containerd's runc shim, in turn. */
import { runOk } from "../../test/harness/command.ts";
import { Machine } from "../../test/harness/machine.ts";
import { runtimeUnderTest } from "../../test/harness/runtime-under-test.ts";
import { median, spread, table } from "./figures.ts";
import { pss } from "./memory.ts";

const names = ["io.containerd.runc.v2", "io.containerd.uvm.v1"] as const;

export async function benchRunTimes(rounds: number): Promise<string> {
  const machines: Machine[] = [];
  try {
    for (const name of names) machines.push(await Machine.start({ runtime: runtimeUnderTest(name, "local") }));
    for (const machine of machines) await machine.warmUp();
    const times: number[][] = machines.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [index, machine] of machines.entries()) {
        const argv = machine.ctr.runArgv(machine.id("bench"), ["true"], ["--rm"]);
        const start = performance.now();
        await runOk(argv);
        times[index]?.push(performance.now() - start);
      }
    }
    const peer = median(times[0] ?? []);
    const rows: string[][] = [];
    for (const [index, machine] of machines.entries()) {
      const own = times[index] ?? [];
      const ratio = (median(own) / peer).toFixed(2);
      rows.push([machine.runtime.name, spread(own), ratio, (await daemonMemory(machine)).toFixed(0)]);
    }
    const head = [
      `\`ctr run --rm true\`, ${rounds} rounds in turn`,
      "ms: median (range)",
      "ratio",
      "daemon's PSS, MiB",
    ];
    return table(head, rows);
  } finally {
    for (const machine of machines) await machine.close();
  }
}

/** Of the daemon of one idle container. */
async function daemonMemory(machine: Machine): Promise<number> {
  const id = machine.id("memory");
  await machine.ctr.runDetached(id, ["sleep", "1000"]);
  const memory = pss(machine.daemonOf(id).pid);
  await machine.ctr.remove(id);
  return memory;
}
