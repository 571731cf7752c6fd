import { FAILPOINT_ANNOTATION } from "../../src/failpoint/failpoint.ts";
import type { Task } from "../../src/generated/containerd/task/v2.ts";
import type { ServiceClient } from "../../src/ttrpc/service.ts";
import type { ShimCall, ShimProgram } from "../harness/shim-program.ts";

export interface ProgramTask {
  readonly id: string;
  readonly bundle: string;
  readonly address: string;
  readonly task: ServiceClient<typeof Task>;
}

export function requestOf(id: string, bundle: string) {
  return {
    ...{ id, bundle, rootfs: [], terminal: false, stdin: "", stdout: "", stderr: "" },
    ...{ checkpoint: "", parentCheckpoint: "", options: undefined },
  };
}

/** Annotations that set failpoints. */
export function points(terms: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(terms).map(([point, text]) => [`${FAILPOINT_ANNOTATION}${point}`, text]));
}

/** A bundle, and what containerd would call the program with. */
export async function prepared(
  shim: ShimProgram,
  name: string,
  annotations: Readonly<Record<string, string>> = {},
  args: readonly string[] = ["sleep", "1000"],
): Promise<{ id: string; bundle: string }> {
  const id = shim.traces.id(name);
  return { id, bundle: await shim.bundle(id, shim.spec(id, args, annotations)) };
}

/** A daemon that serves, without a container. */
export async function started(
  shim: ShimProgram,
  { id, bundle }: { id: string; bundle: string },
  call: ShimCall = {},
): Promise<ProgramTask> {
  const { code, stdout, stderr } = await shim.call(id, ["start"], { bundle, ...call });
  if (code !== 0) throw new Error(`start ended with ${code}: ${stderr}`);
  return { id, bundle, address: stdout, task: await shim.task(stdout) };
}

/** What containerd does at the end, whatever is left of it. The exit status that `delete` tells. */
export async function finished(shim: ShimProgram, { id, bundle, task }: Omit<ProgramTask, "address">): Promise<void> {
  await task.kill({ id, execId: "", signal: 9, all: false }).catch(() => {});
  await task.wait({ id, execId: "" }).catch(() => {});
  await task.delete({ id, execId: "" }).catch(() => {});
  await task.shutdown({ id, now: false }).catch(() => {}); // The daemon may be faster than its answer.
  await removed(shim, { id, bundle });
}

/** `delete`, and the bundle's end. Throws where it fails. */
export async function removed(shim: ShimProgram, { id, bundle }: { id: string; bundle: string }): Promise<void> {
  const { code, stderr } = await shim.call(id, ["delete"], { bundle, flags: ["-bundle", bundle] });
  if (code !== 0) throw new Error(`delete ended with ${code}: ${stderr}`);
  shim.removeBundle(bundle);
}
