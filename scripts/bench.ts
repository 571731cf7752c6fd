/**
 * `make bench`: how long `ctr run --rm ... true` takes with this shim and with containerd's runc shim, in turn on one
 * containerd, and what their daemons hold in memory. Numbers for people: nothing passes or fails by them.
 */
import { readFileSync } from "node:fs";
import { runOk } from "../test/harness/command.ts";
import { Machine } from "../test/harness/machine.ts";
import { runtimeUnderTest } from "../test/harness/runtime-under-test.ts";

const rounds = Number(process.argv[2] ?? 40);
const names = ["io.containerd.runc.v2", "io.containerd.uvm.v1"] as const;

const machines = [];
try {
  for (const name of names) machines.push(await Machine.start({ runtime: runtimeUnderTest(name) }));
  for (const machine of machines) await machine.warmUp();

  const times: number[][] = machines.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, machine] of machines.entries()) {
      const argv = machine.ctr.runArgv(machine.id("bench"), ["true"], ["--rm"]);
      const start = process.hrtime.bigint();
      await runOk(argv);
      times[index]?.push(Number(process.hrtime.bigint() - start) / 1e6);
    }
  }

  process.stdout.write(`ctr run --rm true, ${rounds} rounds in turn, ms\n`);
  process.stdout.write(`${"runtime".padEnd(24)}   min  median     p95   daemon RSS\n`);
  for (const [index, machine] of machines.entries()) {
    const sorted = (times[index] ?? []).sort((a, b) => a - b);
    const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(0).padStart(7);
    const memory = await daemonMemory(machine);
    process.stdout.write(`${machine.runtime.name.padEnd(22)}${at(0)} ${at(0.5)} ${at(0.95)}   ${memory} MiB\n`);
  }
} finally {
  for (const machine of machines) await machine.close();
}

/** Resident memory of the daemon of one idle container, MiB. */
async function daemonMemory(machine: Machine): Promise<string> {
  const id = machine.id("memory");
  await machine.ctr.runDetached(id, ["sleep", "1000"]);
  const status = readFileSync(`/proc/${machine.daemonOf(id).pid}/status`, "utf8");
  await machine.ctr.remove(id);
  return (Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024).toFixed(0);
}
