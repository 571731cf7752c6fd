import { readFile } from "node:fs/promises";
import { type ErrorKind, ShimError } from "../../errors/shim-error.ts";

/**
 * runc tells what went wrong in words only: its JSON log (`--log-format json`, one
 * object a line: level, msg, time) and its stderr. First match wins; texts of runc
 * 1.0 to 1.3.
 */
const KINDS: readonly (readonly [RegExp, ErrorKind])[] = [
  [/container (with given ID|with id) already exists|container with id exists/i, "already-exists"],
  // Before "no such file": the command is the caller's, the container is there.
  [/exec: "|exec \S+: (no such file|permission denied|exec format error)/, "invalid-argument"],
  [/container does not exist|container "?\S+"? does not exist/i, "not-found"],
  [/process already finished|no such process|os: process not initialized/, "not-found"],
  [/cannot start an already running|cannot start a container that has stopped/, "failed-precondition"],
  [
    /cannot (exec|run) in a (stopped|paused)|cannot exec a container that has (run and )?stopped/,
    "failed-precondition",
  ],
  [
    /container (is )?(not|already) (running|paused)|cannot delete container .* that is not stopped/,
    "failed-precondition",
  ],
  [/JSON specification file|json: |invalid character|config\.json|chdir .*: no such file/, "invalid-argument"],
  [
    /rootfs|process property must not be empty|must not be empty|Cwd (property )?must|invalid |unknown capability/i,
    "invalid-argument",
  ],
  [/unable to find (user|group)|no matching entries in passwd|mkdir|mount|namespace path/, "invalid-argument"],
];

export function runcErrorKind(text: string): ErrorKind {
  for (const [pattern, kind] of KINDS) if (pattern.test(text)) return kind;
  return "internal";
}

/** The message of the last error line of a runc JSON log; undefined if there is none. */
export function lastLogError(log: string): string | undefined {
  for (const line of log.trimEnd().split("\n").reverse()) {
    try {
      const entry: unknown = JSON.parse(line);
      if (typeof entry !== "object" || entry === null || !("level" in entry) || !("msg" in entry)) continue;
      if (entry.level !== "error" && entry.level !== "fatal" && entry.level !== "panic") continue;
      const text = String(entry.msg).trim();
      if (text !== "") return text;
    } catch {
      // A panic of runc leaves plain text in the log.
    }
  }
  return undefined;
}

/**
 * The error of one failed runc command: `action` as in "OCI runtime create failed", text from its log, else its stderr.
 * Without a log file the log is on stderr.
 */
export async function runcFailure(
  subject: string,
  action: string,
  exitCode: number,
  logFile: string | undefined,
  stderr: string,
): Promise<ShimError> {
  const log = logFile === undefined ? stderr : await readFile(logFile, "utf8").catch(() => "");
  const text = lastLogError(log) ?? (stderr.trim() || log.trim().split("\n").at(-1) || `runc exited with ${exitCode}`);
  return new ShimError(runcErrorKind(text), `${subject}: OCI runtime ${action} failed: ${text}`);
}
