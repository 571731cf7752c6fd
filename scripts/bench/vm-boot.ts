/**
 * From `ctr run` to the first output of a container in a VM, by stage, beside the same kernel and image in a bare QEMU,
 * in turn; and what a pod holds in memory.
 */
import { start } from "../../test/harness/command.ts";
import { Machine } from "../../test/harness/machine.ts";
import { runtimeUnderTest } from "../../test/harness/runtime-under-test.ts";
import { until } from "../../test/harness/until.ts";
import { BootedUvm } from "../../test/qemu/uvm.ts";
import { median, spread, table } from "./figures.ts";
import { pss } from "./memory.ts";

/** Each stage ends with the first line of containerd's log, at level debug, that has this text. */
const stages = [
  ["shim start", "the shim's daemon serves"],
  ["QEMU start, to the firmware's first line", 'msg="console: '],
  ["firmware and kernel, to the first user process", "uvm: initramfs"],
  ["initramfs: modules, root", "uvm: root"],
  ["gcs: first process, port, bridge negotiated", "guest connected"],
] as const;
const LAST_STAGE = "container: devices, runc, its first output";
const BOOT_MS = 120_000;

/** Milliseconds of each stage, in order. */
type Stages = readonly number[];

export async function benchVmBoot(rounds: number): Promise<string> {
  const machine = await Machine.start({ runtime: runtimeUnderTest("io.containerd.uvm.v1", "qemu") });
  try {
    await machine.warmUp();
    const runs: Stages[] = [];
    const bare: number[] = [];
    for (let round = 0; round < rounds; round++) {
      runs.push(await timeRun(machine));
      bare.push(await timeBareBoot());
    }
    const column = (index: number): number[] => runs.map((run) => run[index] ?? Number.NaN);
    const names = [...stages.map(([name]) => name), LAST_STAGE];
    const totals = runs.map((run) => run.reduce((sum, each) => sum + each, 0));
    const toUser = runs.map((run) => (run[1] ?? 0) + (run[2] ?? 0));
    const rows = [
      ...names.map((name, index) => [name, spread(column(index))]),
      ["**`ctr run` to first output**", spread(totals)],
      ["of it, spawn of QEMU to the first user process", spread(toUser)],
      ["bare QEMU, same kernel and image, to its first user process", spread(bare)],
      ["ratio of these two", (median(toUser) / median(bare)).toFixed(2)],
    ];
    const head = [`stage, ${rounds} rounds in turn`, "ms: median (range)"];
    return `${table(head, rows)}\n\n${await memoryOfPod(machine)}`;
  } finally {
    await machine.close();
  }
}

async function timeRun(machine: Machine): Promise<Stages> {
  const id = machine.id("boot");
  const begin = Date.now();
  const command = start(machine.ctr.runArgv(id, ["echo", "hello"], ["--rm"]));
  const first = new Promise<number>((resolve) => command.firstOutput(() => resolve(Date.now())));
  const { code, stderr } = await command.result(BOOT_MS);
  if (code !== 0) throw new Error(`ctr run ended with ${code}: ${stderr}`);
  const end = await first;
  const lines = machine.containerd
    .log()
    .split("\n")
    .filter((line) => line.includes(id));
  const marks = stages.map(([name, text]) => {
    const line = lines.find((each) => each.includes(text));
    const time = line === undefined ? undefined : /^time="([^"]+)"/.exec(line)?.[1];
    if (time === undefined) throw new Error(`containerd's log does not tell the end of stage "${name}"`);
    return Date.parse(time);
  });
  return [...marks, end].map((mark, index, all) => mark - (index === 0 ? begin : (all[index - 1] ?? begin)));
}

async function timeBareBoot(): Promise<number> {
  const uvm = new BootedUvm();
  try {
    return await until("the bare machine's first user process", () => uvm.at("uvm: initramfs"), BOOT_MS);
  } finally {
    await uvm.dispose();
  }
}

/** PSS of the processes of one pod that idles. */
async function memoryOfPod(machine: Machine): Promise<string> {
  const id = machine.id("memory");
  await machine.ctr.runDetached(id, ["sleep", "1000"]);
  const daemon = machine.daemonOf(id).pid;
  const others = machine.traces.processes().filter(({ title }) => /qemu-system|virtiofsd/.test(title));
  const rows = [
    ["shim daemon", pss(daemon)] as const,
    ...others.map(({ pid, title }) => [title.includes("virtiofsd") ? "virtiofsd" : "QEMU", pss(pid)] as const),
  ];
  const total = rows.reduce((sum, [, size]) => sum + size, 0);
  await machine.ctr.remove(id);
  const cells = [...rows, ["**together**", total] as const].map(([name, size]) => [name, size.toFixed(0)]);
  return table(["one idle pod, a VM of 256 MiB", "PSS, MiB"], cells);
}
