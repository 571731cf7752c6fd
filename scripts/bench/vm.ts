/**
 * From `ctr run` to the first output of a container in a VM, by stage; beside the least that a container in a VM takes: a
 * bare QEMU with the same kernel and image up to its first user process, and the first `runc run` in it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { start } from "../../test/harness/command.ts";
import { Machine } from "../../test/harness/machine.ts";
import { runtimeUnderTest } from "../../test/harness/runtime-under-test.ts";
import { type BareContainer, timeBareContainer } from "./bare-container.ts";
import { pss, SETTLED_MS } from "./footprint.ts";
import type { Metric } from "./metric.ts";
import type { Part } from "./part.ts";
import { OURS } from "./shims.ts";

/** Each stage ends with the first line of containerd's log, at level debug, that has this text. */
const stages = [
  ["vm-stage-shim", "shim start", "the shim's daemon serves"],
  ["vm-stage-qemu", "QEMU start, to the firmware's first line", 'msg="console: '],
  ["vm-stage-kernel", "firmware and kernel, to the first user process", "uvm: initramfs"],
  ["vm-stage-initramfs", "initramfs: modules, root", "uvm: root"],
  ["vm-stage-gcs", "gcs: first process, port, bridge negotiated", "guest connected"],
] as const;
const BOOT_MS = 120_000;

interface Run {
  /** Milliseconds of each stage, in order; one more than there are stages: the container's own. */
  readonly stages: readonly number[];
  readonly total: number;
  /** To "guest connected". */
  readonly connected: number;
}

export const vm: Part = {
  title: "A pod in a VM, stack `qemu`",
  about:
    "The image is the one of `make uvm-image`, the VM has 256 MiB and one processor. Without a usable KVM both sides run under software emulation, where nearly all of the time goes.",
  seconds: 420,
  async run(record, quick) {
    const rounds = quick ? 1 : 4;
    const machine = await Machine.start({ runtime: runtimeUnderTest(OURS, "qemu") });
    try {
      await record.measure("an idle pod's memory", 150, () => memoryOfPod(machine));
      const directory = machine.file("templates");
      const configuration = `stack = "qemu"\n[qemu]\ntemplate = true\ntemplate_directory = "${directory}"\n`;
      const ofTemplate = machine.ctrWith(configuration);
      let templates = false;
      await record.measure("making a VM template", 120, async () => {
        await timeRun(machine, ofTemplate);
        templates = true;
        return [];
      });
      await record.measure("`ctr run` to first output", 350, async () => {
        const bare: BareContainer[] = [];
        const runs: Run[] = [];
        const restored: Run[] = [];
        for (let round = 0; round < rounds; round++) {
          bare.push(await timeBareContainer());
          runs.push(await timeRun(machine));
          if (templates) restored.push(await timeRun(machine, ofTemplate));
        }
        return [...cold(runs, bare), ...(templates ? fromTemplate(restored, runs) : [])];
      });
    } finally {
      await machine.close();
    }
  },
};

function fromTemplate(restored: readonly Run[], runs: readonly Run[]): Metric[] {
  const beside = (of: (run: Run) => number) => ({
    ...{ unit: "ms", ours: restored.map(of), peer: { name: "cold", values: runs.map(of) } },
  });
  return [
    { id: "vm-template", title: "`ctr run` to first output, VM from a template", ...beside(({ total }) => total) },
    { id: "vm-template-connected", title: "of it, to the guest connected", ...beside(({ connected }) => connected) },
  ];
}

function cold(runs: readonly Run[], bare: readonly BareContainer[]): Metric[] {
  const own = (index: number): number[] => runs.map((run) => run.stages[index] ?? Number.NaN);
  const toUser = runs.map((run) => (run.stages[1] ?? Number.NaN) + (run.stages[2] ?? Number.NaN));
  return [
    {
      ...{ id: "vm-cold", title: "`ctr run` to first output, cold", unit: "ms", ours: runs.map(({ total }) => total) },
      peer: {
        name: "bare QEMU to its first user process, and the first `runc run` in it",
        values: bare.map(({ toUser, runc }) => toUser + runc),
      },
    },
    {
      ...{ id: "vm-to-user", title: "of it, spawn of QEMU to the first user process", unit: "ms", ours: toUser },
      peer: { name: "bare QEMU, same kernel and image", values: bare.map(({ toUser }) => toUser) },
    },
    ...stages.map(([id, title], index): Metric => ({ id, title, unit: "ms", ours: own(index) })),
    {
      ...{ id: "vm-stage-container", title: "container: devices, runc, its first output" },
      ...{
        unit: "ms",
        ours: own(stages.length),
        peer: { name: "the first `runc run` in a bare QEMU", values: bare.map(({ runc }) => runc) },
      },
    },
  ];
}

/** One `ctr run` in a VM of its own: its stages, by the log, to its first output. */
export async function timeRun(machine: Machine, ctr = machine.ctr): Promise<Run> {
  const id = machine.id("boot");
  const begin = Date.now();
  const command = start(ctr.runArgv(id, ["echo", "hello"], ["--rm"]));
  const first = new Promise<number>((resolve) => command.firstOutput(() => resolve(Date.now())));
  const { code, stderr } = await command.result(BOOT_MS);
  if (code !== 0) throw new Error(`ctr run ended with ${code}: ${stderr}`);
  const end = await first;
  const lines = machine.containerd
    .log()
    .split("\n")
    .filter((line) => line.includes(id));
  const marks = stages.map(([, , text]) => {
    const line = lines.find((each) => each.includes(text));
    return line === undefined ? Number.NaN : Date.parse(/^time="([^"]+)"/.exec(line)?.[1] ?? "");
  });
  const each = [...marks, end].map((mark, index, all) => mark - (index === 0 ? begin : (all[index - 1] ?? begin)));
  return { stages: each, total: end - begin, connected: (marks.at(-1) ?? Number.NaN) - begin };
}

/** What an idle pod's processes hold. */
async function memoryOfPod(machine: Machine): Promise<Metric[]> {
  const pod = machine.id("pod");
  try {
    await machine.ctr.runDetached(pod, ["sleep", "100000"]);
    const names: [string, RegExp][] = [
      ["shim daemon", /^\S*containerd-shim-uvm/],
      ["QEMU", /qemu-system/],
      ["virtiofsd", /virtiofsd/],
    ];
    await sleep(SETTLED_MS);
    const processes = machine.traces.processes();
    return names.map(([name, pattern]): Metric => {
      const held = processes.filter(({ title }) => pattern.test(title)).map(({ pid }) => pss(pid));
      const total = held.reduce((sum, each) => sum + each, 0);
      const id = `vm-pss-${name.replaceAll(" ", "-")}`;
      return { id, title: `PSS of an idle pod's ${name}`, unit: "MiB", ours: [total] };
    });
  } finally {
    await machine.ctr.remove(pod);
  }
}
