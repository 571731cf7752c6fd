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
import { placeDaemon, spawnDaemon } from "#os/src/shim/launch.ts";
import { launcherSink } from "#os/src/shim/log-sink.ts";
import { removeRemains } from "#os/src/shim/remains.ts";
import { isAlive } from "#os/src/sys/process.ts";
import { resolveSettings, type Settings } from "../config/settings.ts";
import { failedPrecondition, ShimError, unavailable } from "../errors/shim-error.ts";
import { failpoint } from "../failpoint/failpoint.ts";
import { createLogger, type Logger } from "../log/logger.ts";
import type { ChildProcess, Runtime } from "../sys/runtime.ts";
import { recordUntilNow, spanOf } from "../tracing/span.ts";
import { recordIntoFile } from "../tracing/span-file.ts";
import { type Bootstrap, encodeReply, readBootstrap } from "./bootstrap.ts";
import { daemonArguments } from "./daemon-arguments.ts";
import { checkIdentifier, type Flags } from "./flags.ts";
import { podOf } from "./grouping.ts";
import { childEnvironment, ownCommand } from "./identity.ts";
import { readOptions, type StartOptions } from "./options.ts";
import { isServed } from "./probe.ts";
import type { Answer } from "./readiness.ts";
import { readDaemonRecord, removeBundleRecord, stateDirectoryOf, writeBundleRecord } from "./records.ts";

/** Boot of the daemon to its answering socket: milliseconds, unless the host is in trouble. */
const READY_TIMEOUT_MS = 10_000;

export interface StartContext {
  readonly runtime: Runtime;
  readonly flags: Flags;
  /** All of stdin. */
  readonly stdin: Uint8Array;
  /** The working directory that containerd gives us. */
  readonly bundle: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** containerd. */
  readonly parentPid: number;
  /** Throws where the stack can't be had, before anything is started. */
  readonly checkStack: (settings: Settings) => void;
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
  try {
    writeBundleRecord(bundle, { podId, stateDirectory, socketPath: path, settings });
    linkSocketDirectory(bundle, dirname(path));
    // Later releases keep what we answer by themselves, and would take this file for task API v2.
    if (bootstrap.dialect !== "protobuf") writeAddressFile(bundle, addressOf(path));
    if (!(await isServed(runtime, path))) {
      context.checkStack(settings);
      if (isVmOfTheDead(stateDirectory)) await removeRemains(runtime, { socketPath: path, stateDirectory });
      if (globalThis.UVM_SHIM_FAILPOINTS) await failpoint("start.spawn");
      const pod = { socketPath: path, stateDirectory };
      await spanOf("start", "the daemon's start", () => startDaemon(context, log, pod, options.shimCgroup));
    }
  } catch (error) {
    // Somebody else's start of the same task may have gone well.
    if (!(await isServed(runtime, path))) {
      removeBundleRecord(bundle);
      removeSocketLink(bundle);
      removeAddressFile(bundle);
    }
    throw error;
  }
  if (globalThis.UVM_SHIM_FAILPOINTS) await failpoint("start.reply");
  recordUntilNow("start", "start", { id });
  return reply;
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

async function settingsOf(options: StartOptions, bootstrap: Bootstrap, flags: Flags): Promise<Settings> {
  const settings = await resolveSettings(options);
  const logLevel = settings.logLevel ?? bootstrap.logLevel ?? (flags.debug ? "debug" : "info");
  const socketDirectory = bootstrap.socketDirectory ?? settings.socketDirectory;
  return { ...settings, logLevel, socketDirectory };
}

async function startDaemon(
  { runtime, flags, bundle, env, parentPid }: StartContext,
  log: Logger,
  pod: { socketPath: string; stateDirectory: string },
  shimCgroup = "",
): Promise<void> {
  const command = [...ownCommand(), ...daemonArguments(flags)];
  const { child, answer, close } = await spawnDaemon(runtime, command, { cwd: bundle, env: childEnvironment(env) });
  try {
    await placeDaemon(child.pid, { parentPid, cgroup: shimCgroup, log });
    await ready(child, answer);
  } catch (error) {
    child.kill(9);
    await child.exited;
    await removeRemains(runtime, pod);
    throw error;
  } finally {
    close();
  }
}

/** Resolves when the daemon serves, or has found that another one does. Rejects with what it says, or that it died. */
async function ready(child: ChildProcess, answered: Promise<Answer>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(unavailable(`the shim's daemon is not ready after ${READY_TIMEOUT_MS / 1000} s`)),
      READY_TIMEOUT_MS,
    );
  });
  try {
    const answer = await Promise.race([answered, late]);
    if (answer.kind === "failed") throw new ShimError(answer.error, answer.message);
    if (answer.kind === "nothing") {
      const { code, signal } = await Promise.race([child.exited, late]);
      const how = signal === undefined ? `exit code ${code}` : `signal ${signal}`;
      throw unavailable(`the shim's daemon ended before it was ready (${how}): see containerd's log`);
    }
  } finally {
    clearTimeout(timer);
  }
}
