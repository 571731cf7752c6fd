/** What a VM pod that lives can do: beside a bare VM of the same memory, kernel and root disk, and beside runc in the guest. */
import { setTimeout as sleep } from "node:timers/promises";
import { BareVm } from "./bare-vm.ts";
import { diskReads } from "./disk-reads.ts";
import { pss, SETTLED_MS } from "./footprint.ts";
import { taskCalls } from "./go-client.ts";
import { inGuest, timedInGuest } from "./guest-shell.ts";
import type { Metric } from "./metric.ts";
import type { Part } from "./part.ts";
import type { Recorder } from "./recorder.ts";
import { inTurn, type Pair, timed } from "./rounds.ts";
import { ShimPod } from "./shim-pod.ts";
import { OURS } from "./shims.ts";
import { stdinRate, stdoutRate } from "./streams.ts";

const MIB = 16;
const TERMINAL_MIB = 2;
const EXECS = 5;

export const vmPod: Part = {
  title: "In a VM that lives, stack `qemu`",
  about: `By the task API; the bare VM is QEMU with the same kernel, root disk and memory, and a shell. Streams: ${MIB} MiB (a terminal ${TERMINAL_MIB}) through a FIFO of 64 KiB, the shim, the channel, the guest and a pipe; the raw channel is a virtio-serial port between the bare VM's shell and a socket. Reads: 64 MiB, the guest's caches empty, the host's warm.`,
  seconds: 420,
  async run(record, quick) {
    const booting = BareVm.boot();
    // Where the pod can't be had this process ends, and the bare VM with it.
    booting.catch(() => undefined);
    const pod = await ShimPod.start(OURS, "qemu");
    try {
      const bare = await booting;
      try {
        await calls(record, pod, quick ? 1 : 3);
        await record.measure("pause and resume", 60, () => pauses(pod, bare, quick ? 3 : 10));
        await record.measure("PSS that an exec adds", 90, () => execs(pod));
        await streams(record, pod, bare, quick ? 1 : 3);
        await diskReads(record, pod, bare, quick ? 1 : 3);
      } finally {
        await bare.close();
      }
    } finally {
      await pod.close();
    }
  },
};

async function calls(record: Recorder, pod: ShimPod, rounds: number): Promise<void> {
  const inVm = async (id: "pids" | "stats", method: "Pids" | "Stats", runc: string): Promise<Metric[]> => {
    const [roots = ""] = (await inGuest(pod.socket, "find /run -maxdepth 4 -type d -name runc")).split("\n");
    const { ours, peer } = await inTurn(rounds, async (side) => {
      if (side === "ours") return (await taskCalls(pod.socket, pod.id, method, 50)).p50Us / 1000;
      return await timedInGuest(pod.socket, `runc --root ${roots} ${runc} ${pod.id}`, 5);
    });
    const name = `\`runc ${runc}\` in the guest`;
    return [{ id: `vm-${id}`, title: `${method}, median`, unit: "ms", ours, peer: { name, values: peer } }];
  };
  await record.measure("Pids in a VM", 60, () => inVm("pids", "Pids", "ps"));
  await record.measure("Stats in a VM", 60, () => inVm("stats", "Stats", "events --stats"));
  await record.measure("exec in a VM", 90, async () => {
    const ours: number[] = [];
    for (let round = -1; round < rounds * 2; round++) {
      const took = await timed(async () => {
        const execId = await pod.exec(["true"]);
        await pod.task.start({ id: pod.id, execId });
        await pod.ended(execId);
      });
      if (round >= 0) ours.push(took);
    }
    return [{ id: "vm-exec", title: "exec of `true`: Exec, Start, Wait, Delete", unit: "ms", ours }];
  });
}

async function pauses(pod: ShimPod, bare: BareVm, rounds: number): Promise<Metric[]> {
  const times = await inTurn(rounds, async (side) => {
    if (side === "peer") return await bare.pauseAndResume();
    const pause = await timed(() => pod.task.pause({ id: pod.id }));
    return { pause, resume: await timed(() => pod.task.resume({ id: pod.id })) };
  });
  const metric = (key: "pause" | "resume", title: string, name: string): Metric => {
    const values = (side: keyof Pair<unknown>): number[] => times[side].map((each) => each[key]);
    return { id: `vm-${key}`, title, unit: "ms", ours: values("ours"), peer: { name, values: values("peer") } };
  };
  return [
    metric("pause", "Pause: the container, and with it the VM", "the bare VM's stop, by QMP"),
    metric("resume", "Resume", "the bare VM's cont, by QMP"),
  ];
}

/** What each that runs adds, to all the pod's processes on this host: QEMU's share is the guest's own memory. */
async function execs(pod: ShimPod): Promise<Metric[]> {
  const held = (pattern: RegExp): number =>
    pod
      .processes()
      .filter(({ title }) => pattern.test(title))
      .reduce((sum, { pid }) => sum + pss(pid), 0);
  const read = async (): Promise<number[]> => {
    await sleep(SETTLED_MS);
    return [held(/^\S*containerd-shim-uvm/), held(/qemu-system/)];
  };
  const before = await read();
  const ids: string[] = [];
  try {
    for (let index = 0; index < EXECS; index++) {
      const execId = await pod.exec(["sleep", "100000"]);
      ids.push(execId);
      await pod.task.start({ id: pod.id, execId });
    }
    const after = await read();
    return ["daemon", "QEMU"].map((name, index) => ({
      ...{
        id: `vm-pss-exec-${name.toLowerCase()}`,
        title: `PSS that an exec adds to the ${name}, of ${EXECS} that run`,
      },
      ...{ unit: "KiB", ours: [(((after[index] ?? 0) - (before[index] ?? 0)) * 1024) / EXECS] },
    }));
  } finally {
    for (const execId of ids) {
      await pod.task.kill({ id: pod.id, execId, signal: 9, all: false });
      await pod.ended(execId, { code: 137 });
    }
  }
}

async function streams(record: Recorder, pod: ShimPod, bare: BareVm, rounds: number): Promise<void> {
  const beside = async (id: string, title: string, ours: () => Promise<number>, raw: () => Promise<number>) => {
    await record.measure(title, 90, async () => {
      // An emulated processor translates its code in the first round.
      await inTurn(1, (side) => (side === "ours" ? ours() : raw()));
      const rates = await inTurn(rounds, (side) => (side === "ours" ? ours() : raw()));
      return [{ id, title, unit: "MB/s", ours: rates.ours, peer: { name: "the raw channel", values: rates.peer } }];
    });
  };
  const [out, into] = [() => bare.fromGuest(MIB), () => bare.toGuest(MIB)];
  const terminal = { terminal: true };
  await beside("stdout-vm", "stdout", () => stdoutRate(pod, MIB), out);
  await beside("stdin-vm", "stdin", () => stdinRate(pod, MIB), into);
  await beside("stdout-vm-terminal", "stdout of a terminal", () => stdoutRate(pod, TERMINAL_MIB, terminal), out);
  await beside("stdin-vm-terminal", "stdin of a terminal", () => stdinRate(pod, TERMINAL_MIB, terminal), into);
}
