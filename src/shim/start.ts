import { dirname } from "node:path";
import {
  addressOf,
  linkSocketDirectory,
  prepareSocketDirectory,
  removeAddressFile,
  removeSocketLink,
  socketPath,
  writeAddressFile,
} from "#os/src/shim/address.ts";
import { removeDeleted } from "#os/src/shim/launch.ts";
import { launcherSink } from "#os/src/shim/log-sink.ts";
import type { removeRemains as RemoveRemains } from "#os/src/shim/remains.ts";
import { isAlive } from "#os/src/sys/process.ts";
import { resolveSettings, type Settings } from "../config/settings.ts";
import { failedPrecondition, unavailable } from "../errors/shim-error.ts";
import { failpoint } from "../failpoint/failpoint.ts";
import { createLogger, type Logger } from "../log/logger.ts";
import type { Runtime } from "../sys/runtime.ts";
import { recordUntilNow, spanOf } from "../tracing/span.ts";
import { recordIntoFile } from "../tracing/span-file.ts";
import { type Bootstrap, encodeReply, readBootstrap } from "./bootstrap.ts";
import { checkIdentifier, type Flags } from "./flags.ts";
import { podOf } from "./grouping.ts";
import { readOptions, type StartOptions } from "./options.ts";
import { isServed } from "./probe.ts";
import {
  type BundleRecord,
  readBundleRecord,
  readDaemonRecord,
  removeBundleRecord,
  stateDirectoryOf,
  writeBundleRecord,
} from "./records.ts";

/** A pod that nobody serves yet. */
export interface UnservedPod {
  readonly record: BundleRecord;
  /** Where the daemon goes; "" where nobody cares. */
  readonly cgroup: string;
  readonly log: Logger;
}

export interface StartContext {
  readonly runtime: Runtime;
  readonly flags: Flags;
  /** All of stdin. */
  readonly stdin: Uint8Array;
  /** The working directory that containerd gives us. */
  readonly bundle: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Rejects where the stack can't be had, before anything is started. */
  readonly checkStack: (settings: Settings) => Promise<void>;
  /** Resolves when a daemon serves the pod, ours or another that was faster. On failure nothing of ours stays behind. */
  readonly serve: (pod: UnservedPod) => Promise<void>;
}

/**
 * `start`: finds or starts the daemon of the pod that the container belongs to, and returns the one reply for stdout
 * (reference: containerd-shim, 8.1). On failure nothing stays behind.
 */
export async function start(context: StartContext): Promise<Uint8Array> {
  const { runtime, flags, bundle } = context;
  const id = checkIdentifier("id", flags.id);
  const namespace = checkIdentifier("namespace", flags.namespace);
  const bootstrap = readBootstrap({ stdin: context.stdin, id, namespace, env: context.env });
  const log = createLogger({
    level: bootstrap.logLevel ?? (flags.debug ? "debug" : "info"),
    sink: launcherSink(bundle),
    fields: { id, namespace },
  });
  const options = readOptions(bootstrap.options, log);
  const settings = await settingsOf(options, bootstrap, flags);
  const podId = podOf(bundle, id);
  if (settings.traceDirectory !== undefined) recordIntoFile(settings.traceDirectory, { namespace, pod: podId });
  const path = socketPath(settings.socketDirectory, flags.address, namespace, podId);
  const reply = encodeReply(bootstrap.dialect, addressOf(path));

  prepareSocketDirectory(dirname(path));
  const stateDirectory = stateDirectoryOf(settings.runDirectory, namespace, podId);
  checkSameStack(stateDirectory, podId, id, settings.stack);
  const record = { podId, stateDirectory, socketPath: path, settings };
  try {
    removeDeleted(bundle);
    writeBundleRecord(bundle, record);
    linkSocketDirectory(bundle, dirname(path));
    // Later releases keep what we answer by themselves, and would take this file for task API v2.
    if (bootstrap.dialect !== "protobuf") writeAddressFile(bundle, addressOf(path));
    if (!(await isServed(runtime, path))) {
      await context.checkStack(settings);
      if (isVmOfTheDead(stateDirectory)) await removeDead(runtime, { socketPath: path, stateDirectory });
      if (globalThis.UVM_SHIM_FAILPOINTS) await failpoint("start.spawn");
      const pod = { record, cgroup: options.shimCgroup ?? "", log };
      await spanOf("start", "the daemon's start", () => context.serve(pod));
    }
  } catch (error) {
    // Somebody else's start of the same task may have gone well.
    if (!(await isServed(runtime, path))) removeStart(bundle);
    throw error;
  }
  recordUntilNow("start", "start", { id });
  return reply;
}

/** What a `start` leaves in the bundle. */
export function removeStart(bundle: string): void {
  removeBundleRecord(bundle);
  removeSocketLink(bundle);
  removeAddressFile(bundle);
}

/**
 * Removes what a `start` left whose process was killed in it. Returns the error that the caller of `start` gets.
 * Nothing is removed of a pod that somebody else serves by now.
 */
export async function startEnded(runtime: Pick<Runtime, "connect">, bundle: string, status: string): Promise<Error> {
  const record = readBundleRecord(bundle);
  if (record !== undefined && !(await isServed(runtime, record.socketPath))) {
    await removeDead(runtime, record);
    removeStart(bundle);
  }
  return unavailable(`the shim's daemon ended before it was ready (exit code ${status}): see containerd's log`);
}

/** A member runs where its pod does: one that was to have a VM must not find itself in a pod without, unasked. */
function checkSameStack(stateDirectory: string, podId: string, id: string, stack: Settings["stack"]): void {
  const daemon = readDaemonRecord(stateDirectory);
  if (daemon === undefined || daemon.stack === stack || !isAlive(daemon.pid, daemon.startTime)) return;
  throw failedPrecondition(
    `pod ${podId} is on stack ${daemon.stack}; cannot start container ${id} in it, which asks for ${stack}: ` +
      "give all containers of a pod the same configuration",
  );
}

/** What a killed daemon left of its VM. What the local stack left are containers: theirs is `delete`. */
function isVmOfTheDead(stateDirectory: string): boolean {
  const daemon = readDaemonRecord(stateDirectory);
  return daemon !== undefined && daemon.stack !== "local" && !isAlive(daemon.pid, daemon.startTime);
}

/** Loaded late: next to no start finds anything. */
async function removeDead(...[runtime, pod]: Parameters<typeof RemoveRemains>): Promise<void> {
  const { removeRemains } = await import("#os/src/shim/remains.ts");
  await removeRemains(runtime, pod);
}

async function settingsOf(options: StartOptions, bootstrap: Bootstrap, flags: Flags): Promise<Settings> {
  const settings = await resolveSettings(options);
  const logLevel = settings.logLevel ?? bootstrap.logLevel ?? (flags.debug ? "debug" : "info");
  const socketDirectory = bootstrap.socketDirectory ?? settings.socketDirectory;
  return { ...settings, logLevel, socketDirectory };
}
