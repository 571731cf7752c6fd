import { Task } from "../../src/generated/containerd/task/v2.ts";
import type { ServiceClient } from "../../src/ttrpc/service.ts";
import { connect } from "../../src/ttrpc/socket.ts";
import { socketPath } from "../harness/leftovers.ts";
import type { Machine } from "../harness/machine.ts";

/** A running shim's task API beside containerd, which pays ctr's start once and not for each call. */
export interface ShimTasks {
  readonly task: ServiceClient<typeof Task>;
  close(): void;
}

/** `pod`: the container whose id the daemon carries. */
export async function shimTasks(machine: Machine, pod: string): Promise<ShimTasks> {
  const client = await connect(socketPath(machine.containerd.address, machine.namespace, pod));
  return { task: client.service(Task), close: () => client.close() };
}

/** Runs a second process to its end, without stdio; its exit status. */
export async function execute(
  { task }: Pick<ShimTasks, "task">,
  id: string,
  execId: string,
  args: readonly string[],
): Promise<number> {
  const process = { args, cwd: "/", env: ["PATH=/bin"], user: { uid: 0, gid: 0 } };
  await task.exec({
    ...{ id, execId, terminal: false, stdin: "", stdout: "", stderr: "" },
    spec: {
      typeUrl: "types.containerd.io/opencontainers/runtime-spec/1/Process",
      value: Buffer.from(JSON.stringify(process)),
    },
  });
  await task.start({ id, execId });
  const { exitStatus } = await task.wait({ id, execId });
  await task.delete({ id, execId });
  return exitStatus;
}
