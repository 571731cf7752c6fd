import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runtime } from "#runtime";
import { failedPrecondition, type ShimError, unavailable } from "../../errors/shim-error.ts";
import { within } from "../../errors/within.ts";
import { stringifyJson } from "../../oci/json.ts";
import type { ChildProcess, Stdio } from "../../sys/runtime.ts";
import { beginSpan } from "../../tracing/span.ts";
import { readAll } from "../stdio/read-all.ts";
import { runcFailure } from "./runc-error.ts";

const SIGKILL = 9;

/** Of this whole process: a command that hangs must not outlive it, to go on when nobody counts on that any more. */
const endWithUs = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of endWithUs) child.kill(SIGKILL);
});

export interface RuncSettings {
  /** Name on PATH or absolute path. */
  readonly binary: string;
  /** `--root`: where runc keeps its state. */
  readonly root: string;
  readonly systemdCgroup: boolean;
  /** `--no-pivot`: for a root file system on a ramdisk. */
  readonly noPivotRoot: boolean;
  /** `--no-new-keyring`: containers share the session keyring of this process; execs follow their container. */
  readonly noNewKeyring: boolean;
  /** For the log of each command; emptied as they end. */
  readonly logDirectory: string;
}

export interface RuncProcessOptions {
  readonly pidFile: string;
  /** The process's own stdin, stdout, stderr. Ignored by runc with a console socket. */
  readonly stdio: readonly Stdio[];
  readonly consoleSocket?: string | undefined;
}

/** The runc command line: one method = one command. Errors carry runc's own text (runc-error.ts). */
export class Runc {
  readonly #settings: RuncSettings;
  readonly #running = new Set<ChildProcess>();
  #commands = 0;
  #ended = false;

  constructor(settings: RuncSettings) {
    this.#settings = settings;
    mkdirSync(settings.logDirectory, { recursive: true, mode: 0o700 });
  }

  create(id: string, bundle: string, options: RuncProcessOptions): Promise<void> {
    const args = ["create", "--bundle", bundle, ...processFlags(options)];
    if (this.#settings.noPivotRoot) args.push("--no-pivot");
    if (this.#settings.noNewKeyring) args.push("--no-new-keyring");
    return this.#run("create", id, [...args, id], { stdio: options.stdio });
  }

  start(id: string): Promise<void> {
    return this.#run("start", id, ["start", id]);
  }

  exec(id: string, processFile: string, options: RuncProcessOptions): Promise<void> {
    return this.#run("exec", id, ["exec", "--detach", "--process", processFile, ...processFlags(options), id], {
      stdio: options.stdio,
    });
  }

  kill(id: string, signal: number, options: { all?: boolean } = {}): Promise<void> {
    return this.#run("kill", id, ["kill", ...(options.all ? ["--all"] : []), id, String(signal)]);
  }

  /** `--force` also answers success for a container that runc does not know. */
  delete(id: string): Promise<void> {
    return this.#run("delete", id, ["delete", "--force", id]);
  }

  pause(id: string): Promise<void> {
    return this.#run("pause", id, ["pause", id]);
  }

  resume(id: string): Promise<void> {
    return this.#run("resume", id, ["resume", id]);
  }

  /** `resources`: OCI LinuxResources. */
  update(id: string, resources: unknown): Promise<void> {
    return this.#run("update", id, ["update", "--resources", "-", id], { input: stringifyJson(resources) });
  }

  /** Takes no more commands, and kills those that still run: one that hangs would go on when nobody waits for it any more, and make its state anew. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.killCommands();
  }

  /** Those that still run after that time; what is killed in the middle may leave what nobody finds any more (a cgroup). */
  async killCommands({ afterMs = 0 } = {}): Promise<void> {
    await within(afterMs, Promise.all([...this.#running].map(({ exited }) => exited)));
    const running = [...this.#running];
    for (const child of running) child.kill(SIGKILL);
    await Promise.all(running.map(({ exited }) => exited));
  }

  /**
   * `stdio`: of a process in the container, so that runc logs into a file. Else it logs on its stderr: a container can be
   * killed and deleted on a full disk.
   */
  async #run(
    action: string,
    id: string,
    args: readonly string[],
    { stdio, input }: { readonly stdio?: readonly Stdio[]; readonly input?: string } = {},
  ): Promise<void> {
    if (this.#ended) throw unavailable(`container "${id}": its guest has ended; cannot ${action} it`);
    this.#commands += 1;
    const log = stdio === undefined ? undefined : join(this.#settings.logDirectory, `${action}-${this.#commands}.json`);
    const argv = [this.#settings.binary, "--root", this.#settings.root, "--log-format", "json"];
    if (log !== undefined) argv.push("--log", log);
    if (this.#settings.systemdCgroup) argv.push("--systemd-cgroup");
    const ended = beginSpan("runc", action, { container: id });
    try {
      const child = this.#spawn([...argv, ...args], stdio ?? [input === undefined ? "null" : "pipe", "null", "pipe"]);
      const stdin = child.pipes[0];
      if (stdin !== undefined) {
        stdin.open({ data: () => {}, end: () => {}, drain: () => {}, close: () => {} });
        if (input !== undefined) stdin.write(new TextEncoder().encode(input));
        stdin.end();
      }
      const stderr = child.pipes[2] === undefined ? Promise.resolve("") : readAll(child.pipes[2], 64 * 1024);
      this.#running.add(child);
      endWithUs.add(child);
      const { code } = await child.exited;
      this.#running.delete(child);
      endWithUs.delete(child);
      ended({ code });
      if (code === 0) return;
      throw await runcFailure(`container "${id}"`, action, code, log, await stderr);
    } finally {
      if (log !== undefined) rmSync(log, { force: true });
    }
  }

  #spawn(argv: readonly string[], stdio: readonly Stdio[]): ChildProcess {
    try {
      return runtime.spawn(argv, { stdio, env: runcEnvironment() });
    } catch (error) {
      throw runcMissing(this.#settings.binary, error);
    }
  }
}

function runcMissing(binary: string, cause: unknown): ShimError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return failedPrecondition(
    `runc "${binary}" cannot be run: ${reason}; install runc, or name it in the runtime options`,
    cause,
  );
}

/** Ours but for what makes runc pass extra fds (LISTEN_FDS) or talk to our service manager (NOTIFY_SOCKET). */
function runcEnvironment(): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !/^(LISTEN_|NOTIFY_SOCKET$)/.test(name)) environment[name] = value;
  }
  return environment;
}

function processFlags(options: RuncProcessOptions): string[] {
  const flags = ["--pid-file", options.pidFile];
  if (options.consoleSocket !== undefined) flags.push("--console-socket", options.consoleSocket);
  return flags;
}
