import { constants, readFileSync, readlinkSync, statSync } from "node:fs";
import { failedPrecondition } from "../../errors/shim-error.ts";
import { close, dup2, open } from "../../sys/libc.ts";
import { copyFd } from "../../sys/other-process.ts";
import { processStat } from "../../sys/process.ts";
import { errorCode } from "../../sys/sys-error.ts";
import { childEnvironment } from "../identity.ts";
import type { Request } from "./waiting.ts";

/** Where the launcher keeps the FIFO `answer`, and its stdio meanwhile (launcher.sh). */
const ANSWER_FD = 5;
const STDIO_FDS = [6, 7, 9];
const NAMESPACES = ["cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "user", "uts"] as const;
/** Of /proc/PID/status, what a child inherits. */
const INHERITED =
  /^(?:Umask|Uid|Gid|Groups|CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp|Seccomp_filters|Cpus_allowed|Mems_allowed|CoreDumping|THP_enabled):.*$/gm;

/**
 * Makes this process's stdio, environment and working directory those of the launcher that asks. Nothing of that is done
 * where it throws: a child of that launcher would be other than this process is, or it is no launcher (failed-precondition).
 * `answer`: an fd of the FIFO from which the launcher reads. Returns the launcher's arguments.
 */
export function takeOver(pid: number, answer: number): readonly string[] {
  const place = `/proc/${pid}`;
  // The pid is what somebody wrote: of another PID namespace, for one.
  const held = statSync(`${place}/fd/${ANSWER_FD}`, { throwIfNoEntry: false });
  const own = statSync(`/proc/self/fd/${answer}`);
  if (held === undefined || held.ino !== own.ino || held.dev !== own.dev) {
    throw failedPrecondition(`process ${pid} does not wait for this spare daemon: it is no launcher that claimed it`);
  }
  for (const what of NAMESPACES) same(`${what} namespace`, linkOf("self", what), linkOf(pid, what));
  same("cgroup", textOf("self", "cgroup"), textOf(pid, "cgroup"));
  same("credentials", inherited("self"), inherited(pid));
  same("limits", limits("self"), limits(pid));
  same("niceness", `${processStat(process.pid)?.niceness}`, `${processStat(pid)?.niceness}`);
  const args = textOf(pid, "cmdline").split("\0").slice(2, -1);
  const env = childEnvironment(environment(textOf(pid, "environ")));
  const cwd = readlinkSync(`${place}/cwd`);

  const lent = STDIO_FDS.map((fd) => copyFd(pid, fd));
  process.chdir(cwd);
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  for (const [to, fd] of lent.entries()) {
    dup2(fd, to);
    close(fd);
  }
  return args;
}

/** The end that is only written: with the launcher's end goes its last reader. */
export function openAnswer({ directory, answer }: Request): number {
  const fd = open(`${directory}/answer`, constants.O_WRONLY | constants.O_NONBLOCK);
  close(answer);
  return fd;
}

function same(what: string, own: string, launchers: string): void {
  if (own === launchers) return;
  throw failedPrecondition(`the launcher's ${what} is another than the spare daemon's: ${launchers} and ${own}`);
}

function textOf(pid: number | "self", file: string): string {
  return readFileSync(`/proc/${pid}/${file}`, "utf8");
}

/** "" where the kernel has none of that kind. */
function linkOf(pid: number | "self", namespace: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/${namespace}`);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "";
    throw error;
  }
}

function inherited(pid: number | "self"): string {
  return (textOf(pid, "status").match(INHERITED) ?? []).join("\n");
}

/** The soft limit of open files is left out: the runtime raises it to the hard one in each process of ours. */
function limits(pid: number | "self"): string {
  return textOf(pid, "limits").replace(/^(Max open files\s+)\S+/m, "$1");
}

function environment(block: string): Record<string, string> {
  const env: Record<string, string> = {};
  for (const entry of block.split("\0")) {
    const at = entry.indexOf("=");
    if (at > 0) env[entry.slice(0, at)] = entry.slice(at + 1);
  }
  return env;
}
