import { existsSync, readFileSync } from "node:fs";
import type { EventWatch } from "../harness/events.ts";
import type { OwnProcess } from "../harness/leftovers.ts";
import type { Machine } from "../harness/machine.ts";
import type { ShimProgram } from "../harness/shim-program.ts";
import { until } from "../harness/until.ts";
import { points } from "./program-task.ts";

/** Flags of `ctr run` that set failpoints: `{ "vm.boot": "kill" }`. */
export function failpointFlags(terms: Readonly<Record<string, string>>): string[] {
  return Object.entries(points(terms)).flatMap(([name, text]) => ["--annotation", `${name}=${text}`]);
}

export function alive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.[0] !== "Z";
  } catch {
    return false;
  }
}

/** QEMU and virtiofsd. */
export function vmProcesses({ traces }: Pick<Machine, "traces">): OwnProcess[] {
  return traces.processes().filter(({ title }) => /qemu-system|virtiofsd/.test(title.split(" ")[0] ?? ""));
}

/** How many daemons stay after a `start` that failed: one may be there a little longer than its launcher. */
export async function daemonsLeft({ traces }: ShimProgram): Promise<number> {
  await until("no daemon runs", () => traces.processes().length === 0, SLACK_MS).catch(() => {});
  return traces.processes().length;
}

export async function appears(path: string): Promise<void> {
  await until(`${path} is there`, () => existsSync(path));
}

/** What a busy machine adds of its own to any time, in milliseconds. */
export const SLACK_MS = 10_000;

/** "in 1 s" where the work is done in that time, and the slack of a busy machine; else how long it took. */
export async function timed(seconds: number, work: () => Promise<unknown>): Promise<string> {
  const begin = performance.now();
  await work();
  const took = performance.now() - begin;
  return took <= seconds * 1000 + SLACK_MS ? `in ${seconds} s` : `only after ${took.toFixed(0)} ms`;
}

/** "exit e1 0, exit init 137": each exit that was told, in order. */
export function exitsOf(events: EventWatch, id: string): string {
  const exits = events.of(id).filter(({ topic }) => topic === "/tasks/exit");
  return exits
    .map(({ fields }) => `exit ${fields.id === id ? "init" : fields.id} ${fields.exit_status ?? 0}`)
    .join(", ");
}

/** The same with what was told beside: "oom, exit init 137". */
export function told(events: EventWatch, id: string): string {
  const out = events.topics(id).includes("oom") && events.topics(id).indexOf("oom") < events.topics(id).indexOf("exit");
  return `${out ? "oom, " : ""}${exitsOf(events, id)}`;
}

/** containerd has nothing of the task any more. A task whose shim is dead is "not found" before that; then its name is told. */
export async function forgotten({ ctr }: Machine, id: string): Promise<void> {
  await until(`containerd forgets ${id}`, async () => {
    const { code, stderr } = await ctr.call(["tasks", "kill", "--signal", "SIGKILL", id]);
    return code !== 0 && stderr.includes(`task ${id} not found`);
  });
}

/** Whether a container of the same name runs, once the first one's record is removed. It needs no VM to show that the name is free. */
export async function again(machine: Machine, id: string): Promise<string> {
  await machine.ctr.remove(id);
  const ctr = machine.ctrWith('stack = "local"\n');
  const { code, stderr } = await ctr.run(id, ["sh", "-c", "exit 7"]);
  return code === 7 ? "the id runs again" : `the id does not run again: ${code} ${stderr}`;
}
