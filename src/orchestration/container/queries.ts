import { within } from "../deadline.ts";
import type { ProcessController } from "../process/controller.ts";
import type { ProcessExit } from "../process/state.ts";
import type { ReportLine } from "../report.ts";
import type { CreateTask, ProcessState, TaskStatus } from "../tasks.ts";
import type { InGuest } from "./state.ts";

/** Exit status of a process that has not ended, or whose end nobody saw. */
export const UNKNOWN_STATUS = 255;

export const unknownExit = (): ProcessExit => ({ status: UNKNOWN_STATUS, at: new Date() });

export function describeProcess(
  request: CreateTask,
  execId: string,
  process: ProcessController,
  status: TaskStatus,
  { vm }: InGuest,
): ProcessState {
  const { exit, paths } = process;
  // Field by field: containerd asks for it more than for all else, and each spread would be a copy.
  const state = {
    id: request.id,
    execId,
    bundle: request.bundle,
    pid: vm.uvm.hostPid(process.pid),
    status,
    stdin: paths.stdin,
    stdout: paths.stdout,
    stderr: paths.stderr,
    terminal: paths.terminal,
    exitStatus: exit?.status ?? UNKNOWN_STATUS,
  };
  return exit === undefined ? state : { ...state, exitedAt: exit.at };
}

/**
 * Host pids with the exec that each is, if any. Never empty: containerd takes a task without pids for a leaked one and
 * destroys it, so a guest that does not answer within `ms` is spoken for by the pids that we know.
 */
export async function listPids(
  { vm, guest }: InGuest,
  init: ProcessController,
  execs: readonly ProcessController[],
  ms: number,
): Promise<{ pid: number; execId?: string }[]> {
  const running = new Map(execs.filter((e) => e.state.name === "running").map((e) => [e.pid, e.id] as const));
  let pids: readonly number[] = [];
  if (init.exit === undefined) {
    pids = await within(guest.processList(), ms, "list of pids").catch(() => []);
  }
  if (pids.length === 0) pids = [init.pid, ...running.keys()];
  return pids.map((pid) => {
    const execId = running.get(pid);
    return { pid: vm.uvm.hostPid(pid), ...(execId !== undefined && { execId }) };
  });
}

/** A container, then its processes, its init first. */
export function reportContainer(
  { id, state, pid }: { readonly id: string; readonly state: string; readonly pid: number },
  processes: readonly ProcessController[],
): ReportLine[] {
  return [
    { what: "container", fields: { container: id, state, pid } },
    ...processes.map(({ id: process, state: { name }, pid, exit, handover }): ReportLine => {
      const fields = { container: id, process, state: name, pid, exitStatus: exit?.status, handover };
      return { what: "process", fields };
    }),
  ];
}
