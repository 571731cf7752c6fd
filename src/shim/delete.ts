import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { RUN_DIRECTORY } from "#os/src/config/defaults.ts";
import { removeSocketLink } from "#os/src/shim/address.ts";
import { containersIn, removeRemains } from "#os/src/shim/remains.ts";
import { unmountRecursive } from "#os/src/sys/mount.ts";
import { isAlive } from "#os/src/sys/process.ts";
import { ShimError } from "../errors/shim-error.ts";
import { unlessAborted } from "../errors/unless-aborted.ts";
import { DeleteResponse } from "../generated/containerd/task/v2.ts";
import { parseJson } from "../oci/json.ts";
import { loadSpec } from "../oci/spec.ts";
import { HostHooks } from "../orchestration/container/host-hooks.ts";
import { hooksPaid, type OwedHooks, owedHooks } from "../orchestration/container/owed-hooks.ts";
import { deadline } from "../orchestration/deadline.ts";
import type { Runtime } from "../sys/runtime.ts";
import { recordUntilNow } from "../tracing/span.ts";
import { recordIntoFile } from "../tracing/span-file.ts";
import { runHook } from "../vmmanager/run-hook.ts";
import { readVmProcesses } from "../vmmanager/vm-processes.ts";
import { killedNow } from "./deleted.ts";
import { checkIdentifier, type Flags } from "./flags.ts";
import { childEnvironment } from "./identity.ts";
import { killProcess } from "./process.ts";
import {
  type BundleRecord,
  type DaemonRecord,
  readBundleRecord,
  readDaemonRecord,
  removeBundleRecord,
  stateDirectoryOf,
} from "./records.ts";

/** containerd kills us after five seconds. */
const BUDGET_MS = 4000;

export interface DeleteContext {
  readonly runtime: Runtime;
  readonly flags: Flags;
  /** The bundle, except where the operating system could not remove it then. */
  readonly workingDirectory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * Asks a living daemon to end the task, and itself where nothing else is held. Resolves with the task's end, undefined
   * where the daemon has no such task; rejects where it does not answer.
   */
  readonly askDaemon: (
    socketPath: string,
    id: string,
    options: { signal: AbortSignal },
  ) => Promise<DeleteResponse | undefined>;
  /** Of all of it, in ms; default 4000. */
  readonly budgetMs?: number;
}

/**
 * `delete`: ends whatever still runs under the id and removes what it held, with nothing but the bundle's path, the
 * namespace and the id to start from (reference: containerd-shim, 1.6 and 8.3). Containerd calls it after a clean end
 * too, and for what never started: then there is nothing to do. Returns the reply for stdout, and what could not be
 * removed: not an error, as containerd would then have no exit status at all.
 */
export async function deleteTask(context: DeleteContext): Promise<{ reply: Uint8Array; problems: string[] }> {
  const { flags } = context;
  const id = checkIdentifier("id", flags.id);
  checkIdentifier("namespace", flags.namespace);
  const bundle = flags.bundle === "" ? join(dirname(context.workingDirectory), id) : flags.bundle;
  const problems: string[] = [];
  const attempt = async (what: string, work: () => void | Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      problems.push(`${what}: ${ShimError.from(error).message}`);
    }
  };

  const record = readBundleRecord(bundle);
  const traceDirectory = record?.settings.traceDirectory;
  if (record !== undefined && traceDirectory !== undefined)
    recordIntoFile(traceDirectory, { namespace: flags.namespace, pod: record.podId });
  const pod = findPod(record, flags.namespace, id);
  const end = pod === undefined ? killedNow() : await endTask(context, pod, { id, bundle }, attempt);
  await attempt("rootfs cannot be unmounted", () => {
    unmountRecursive(join(bundle, "rootfs"));
  });
  await attempt("the bundle's socket link cannot be removed", () => removeSocketLink(bundle));
  if (problems.length === 0) await attempt("the bundle's record cannot be removed", () => removeBundleRecord(bundle));
  recordUntilNow("delete", "delete", { id });
  return { reply: DeleteResponse.encode(end), problems };
}

type Attempt = (what: string, work: () => void | Promise<void>) => Promise<void>;

interface Pod {
  readonly podId: string;
  readonly stateDirectory: string;
  readonly daemon: DaemonRecord;
}

/** Undefined where no daemon has left a record: one that ended in order took it along. */
function findPod(record: BundleRecord | undefined, namespace: string, id: string): Pod | undefined {
  // Without the bundle's record (a disk that was full, a bundle restored from elsewhere) the default place is left.
  const stateDirectory = record?.stateDirectory ?? stateDirectoryOf(RUN_DIRECTORY, namespace, id);
  const daemon = readDaemonRecord(stateDirectory);
  return daemon === undefined ? undefined : { podId: record?.podId ?? id, stateDirectory, daemon };
}

/**
 * Ends what the id still runs, and the whole pod if it is the pod's own id. Returns the task's end: containerd publishes it,
 * so a task that had exited by itself must not be told to have been killed, where the daemon can still say.
 */
async function endTask(
  context: DeleteContext,
  pod: Pod,
  { id, bundle }: { readonly id: string; readonly bundle: string },
  attempt: Attempt,
): Promise<DeleteResponse> {
  const { daemon, stateDirectory } = pod;
  const { budgetMs = BUDGET_MS } = context;
  const latest = performance.now() + budgetMs;
  const isLeader = id === pod.podId;
  const killed = killedNow(initPid(pod, id));
  const answer = await endThroughDaemon(context, daemon, id, budgetMs / 4);
  if (answer !== undefined) return answer.end ?? killed;
  // The daemon hangs or is dead. The pod is its leader's: nobody else may take it down.
  if (isLeader) killProcess(daemon.pid, daemon.startTime);

  // What follows takes milliseconds, but for hooks; and only VMs have them here.
  const { signal, done } = deadline(Math.max(0, latest - performance.now() - budgetMs / 8), `delete of ${id}`);
  const owed = daemon.stack === "local" ? [] : owedHooks(stateDirectory);
  const containers = containersIn(daemon.runcRoot).filter((container) => isLeader || container === id);
  const deletions = containers.map((container) =>
    attempt(`container ${container} cannot be deleted`, () => forceDelete(context, daemon, container, signal)),
  );
  await Promise.all(deletions);
  if (isLeader || containersIn(daemon.runcRoot).length === 0) {
    await attempt("the pod's socket and state cannot be removed", async () => {
      if (isLeader) await ended(daemon, signal);
      await removeRemains(context.runtime, { socketPath: daemon.socketPath, stateDirectory });
    });
  }
  done();
  // Where it sees the host, runc has run them.
  if (daemon.stack === "local") return killed;
  const others = existsSync(stateDirectory) ? [] : owed.filter((container) => container.id !== id);
  await Promise.all(
    [{ id, bundle }, ...others].map((container) =>
      attempt("a poststop hook failed", () => runPoststop(container, latest)),
    ),
  );
  hooksPaid(stateDirectory, id);
  return killed;
}

/** Those that the daemon would have run at the container's end: of nerdctl, the one that gives its address back. */
async function runPoststop({ id, bundle }: OwedHooks, latest: number): Promise<void> {
  // A bundle of containerd's sandbox API has none.
  if (!existsSync(join(bundle, "config.json"))) return;
  const failures: unknown[] = [];
  const run: typeof runHook = (hook, state) => {
    const left = Math.max(0, latest - performance.now()) / 1000;
    return runHook({ ...hook, timeout: Math.min(hook.timeout ?? left, left) }, state);
  };
  const warn = (_message: string, cause: unknown): void => void failures.push(cause);
  await new HostHooks({ id, bundle, spec: loadSpec(bundle), run, warn }).deleted();
  if (failures.length > 0)
    throw new ShimError("internal", failures.map((each) => ShimError.from(each).message).join("; "));
}

/** Undefined where there is no daemon that answers. */
async function endThroughDaemon(
  context: DeleteContext,
  daemon: DaemonRecord,
  id: string,
  milliseconds: number,
): Promise<{ end: DeleteResponse | undefined } | undefined> {
  if (!isAlive(daemon.pid, daemon.startTime)) return undefined;
  try {
    return { end: await context.askDaemon(daemon.socketPath, id, { signal: AbortSignal.timeout(milliseconds) }) };
  } catch {
    return undefined;
  }
}

async function ended(daemon: DaemonRecord, signal: AbortSignal): Promise<void> {
  while (isAlive(daemon.pid, daemon.startTime)) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/**
 * Not killed when the time is up: nobody comes after us, and what it has not removed by then (cgroups above all) would
 * stay for good. It waits ten seconds at most for the init's end, which in turn waits for all of a pod's pid namespace
 * to be reaped by whoever has got its dead daemon's children.
 */
async function forceDelete(
  { runtime, env }: DeleteContext,
  daemon: DaemonRecord,
  container: string,
  signal: AbortSignal,
): Promise<void> {
  const { runcBinary = "runc", runcRoot = "" } = daemon;
  const argv = [runcBinary, "--root", runcRoot, "delete", "--force", container];
  const { exited } = runtime.spawn(argv, { env: childEnvironment(env), detached: true });
  const { code } = await unlessAborted(exited, signal);
  if (code !== 0) throw new ShimError("internal", `${argv.join(" ")} ended with ${code}`);
}

/** containerd's clients match an exit by its pid: the VM's own, or that in runc's state file. */
function initPid({ daemon, stateDirectory }: Pod, id: string): number {
  if (daemon.runcRoot === undefined) {
    return readVmProcesses(stateDirectory).find(({ what }) => what === "qemu" || what === "vmservice")?.pid ?? 0;
  }
  try {
    const state = parseJson(readFileSync(join(daemon.runcRoot, id, "state.json"), "utf8"));
    const pid = typeof state === "object" && state !== null && "init_process_pid" in state ? state.init_process_pid : 0;
    return typeof pid === "number" && pid > 0 ? pid : 0;
  } catch {
    return 0;
  }
}
