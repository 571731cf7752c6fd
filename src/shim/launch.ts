import { closeSync, constants, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { processStat } from "#os/src/sys/process.ts";
import { unavailable } from "../errors/shim-error.ts";
import type { Logger } from "../log/logger.ts";
import { dup2 } from "../sys/libc.ts";
import { defaultSignal, kill, newSession } from "../sys/libc-process.ts";
import { isRuntimes } from "./identity.ts";
import { setOomScoreAbove } from "./process.ts";
import { removeBundleRecord } from "./records.ts";

/** Set by the launcher for the process that is to be the daemon: its own pid, and that of who ran it. */
const VARIABLE = "UVM_SHIM_LAUNCHER";
const SIGINT = 2;
const SIGQUIT = 3;
const SIGUSR1 = 10;

/** The shell script that containerd runs for `start` (launcher.sh). It waits for this process: its end, or its signal. */
export interface Launcher {
  readonly pid: number;
  readonly containerdPid: number;
  /** Only where it is not our parent (src/shim/spare): has it end well. Throws EPIPE where it is gone. */
  readonly letGo?: () => void;
}

/** Undefined where this process was not started by the launcher. */
export function takeLauncher(): Launcher | undefined {
  const match = /^(\d+) (\d+)$/.exec(process.env[VARIABLE] ?? "");
  // The containers' runtime and loggers inherit the environment.
  for (const name of Object.keys(process.env)) if (name === VARIABLE || isRuntimes(name)) delete process.env[name];
  return match === null ? undefined : { pid: Number(match[1]), containerdPid: Number(match[2]) };
}

/**
 * Makes this process one of its own: a session, signals as a program expects them, an OOM score above containerd's, and the
 * cgroup that was asked for ("": none). Throws where that cgroup can't be joined.
 */
export async function standAlone(launcher: Launcher, { cgroup, log }: { cgroup: string; log: Logger }): Promise<void> {
  // A spare daemon has all that already.
  if (launcher.letGo === undefined) {
    newSession();
    // A shell has what it starts in the background ignore them, and containers would inherit that.
    for (const signal of [SIGINT, SIGQUIT]) defaultSignal(signal);
  }
  try {
    setOomScoreAbove(process.pid, launcher.containerdPid);
  } catch (error) {
    log.warn("the daemon keeps the launcher's OOM score", { pid: process.pid, error });
  }
  if (cgroup === "") return;
  // Loaded late: hardly anybody asks for it.
  const { joinCgroup } = await import("../sys/join-cgroup.ts");
  joinCgroup(process.pid, cgroup);
}

/**
 * Gives up what the launcher lent, its stdio, and has it end well: containerd waits for both. Throws unavailable where the
 * launcher is gone: then nobody will ever dial.
 */
export function letLauncherGo({ pid, letGo }: Launcher): void {
  const nothing = openSync("/dev/null", constants.O_RDWR);
  for (const fd of [0, 1, 2]) dup2(nothing, fd);
  closeSync(nothing);
  if (letGo !== undefined) {
    try {
      letGo();
      return;
    } catch (error) {
      throw unavailable("the launcher is gone: nobody will dial", error);
    }
  }
  if (processStat(process.pid)?.parentPid !== pid || !kill(pid, SIGUSR1)) {
    throw unavailable("the launcher is gone: nobody will dial");
  }
}

/** In the bundle: the reply to `delete` of a pod that left nothing, which the launcher then gives by itself. */
function deletedPath(bundle: string): string {
  return join(bundle, "uvm-shim.deleted");
}

/** Instead of the record. `reply` as printf's %b takes it: each byte in octal. */
export function writeDeleted(bundle: string, reply: Uint8Array): void {
  const octal = Array.from(reply, (byte) => `\\0${byte.toString(8).padStart(3, "0")}`);
  removeBundleRecord(bundle);
  writeFileSync(deletedPath(bundle), `${octal.join("")}\n`, { mode: 0o600 });
}

/** Idempotent. */
export function removeDeleted(bundle: string): void {
  rmSync(deletedPath(bundle), { force: true });
}
