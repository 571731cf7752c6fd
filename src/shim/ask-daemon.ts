import { runtime } from "#runtime";
import { isKind } from "../errors/shim-error.ts";
import { Sandbox } from "../generated/containerd/runtime/sandbox/v1.ts";
import { type DeleteResponse, Task } from "../generated/containerd/task/v2.ts";
import { Client } from "../ttrpc/client.ts";

const SIGKILL = 9;

/**
 * `delete` to a living daemon: kill the task, delete it, end the id's sandbox, leave if nothing else is held. A task that the daemon does not
 * know is as good as deleted, and undefined is returned; else its end, which may be older than this call. Rejects where
 * the daemon does not answer in time or can't.
 */
export async function askDaemon(
  socketPath: string,
  id: string,
  options: { signal: AbortSignal },
): Promise<DeleteResponse | undefined> {
  const client = new Client(await runtime.connect(socketPath, options));
  try {
    const task = client.service(Task);
    await unlessGone(task.kill({ id, execId: "", signal: SIGKILL, all: true }, options));
    await unlessGone(task.wait({ id, execId: "" }, options));
    const end = await unlessGone(task.delete({ id, execId: "" }, options));
    // The pod's own id: with it goes the sandbox, if there is one. A daemon of an earlier version has none.
    const sandbox = client.service(Sandbox);
    const gone = await unlessGone(sandbox.shutdownSandbox({ sandboxId: id }, options));
    if (gone === undefined) await task.shutdown({ id, now: false }, options);
    return end;
  } finally {
    client.close();
  }
}

async function unlessGone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (!isKind(error, "not-found") && !isKind(error, "unimplemented")) throw error;
    return undefined;
  }
}
