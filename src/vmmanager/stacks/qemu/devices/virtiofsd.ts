import { constants, rmSync } from "node:fs";
import { close, open, setNonBlocking } from "../../../../sys/libc.ts";
import { connectUnix, listenUnix } from "../../../../sys/libc-socket.ts";
import type { ChildExit, ChildProcess } from "../../../../sys/runtime.ts";
import { ErrorOutput } from "../../../error-output.ts";
import type { DeviceSettings } from "./context.ts";

/**
 * How the C virtiofsd serves a directory (reference: QEMU 7.2, "virtiofsd"). What is not named is off:
 * - posix_lock, flock: locks hold within the guest, whose one kernel keeps them for all containers of the pod. Passed on,
 *   one that has to wait would be refused (fcntl) or would stop a queue (flock).
 * - writeback: what a container has written the host sees at once.
 */
const options = [
  // Own mount, pid and network namespaces: of the host's files it sees the one directory.
  "sandbox=namespace",
  // The guest believes names and attributes for one second, and contents until the file is opened again. "none" would
  // refuse shared mappings (databases); "always" would never see what the host changes.
  "cache=auto",
  // Each share is a file system of its own in the guest: inode numbers of two of them are not confused.
  "announce_submounts",
  "xattr",
  // A guest makes no device nodes on the host.
  "modcaps=-mknod",
];

/** What it sets its namespaces up with, and what it keeps for serving files of all owners; it drops the former itself. */
const capabilities = [
  ...["sys_admin", "setpcap", "sys_resource"],
  ...["chown", "dac_override", "fowner", "fsetid", "setgid", "setuid", "setfcap"],
];

/** A virtiofsd: the process that serves one directory to one VM. */
export class Virtiofsd {
  /** When it is gone, with its child, and all that it said is read. */
  readonly exited: Promise<ChildExit>;
  #connection: number | undefined;
  readonly #process: ChildProcess;
  #isRunning = true;
  readonly #errors: ErrorOutput;

  private constructor(process: ChildProcess, connection: number) {
    this.#process = process;
    this.#connection = connection;
    this.#errors = new ErrorOutput(process.pipes[2]);
    // Its child holds the pipe, too.
    this.exited = Promise.all([process.exited, this.#errors.ended]).then(([exit]) => {
      this.#isRunning = false;
      return exit;
    });
    void process.exited.then(() => {
      this.#isRunning = false;
    });
  }

  /** Starts one with a connection to it already made: no socket that others could reach is left. */
  static start(settings: DeviceSettings, directory: string): Virtiofsd {
    const state = open(settings.stateDirectory, constants.O_RDONLY | constants.O_DIRECTORY);
    let listener: number | undefined;
    let connection: number | undefined;
    try {
      // By the directory's fd: a path of any length fits a socket's address.
      const path = `/proc/self/fd/${state}/virtiofsd.sock`;
      rmSync(path, { force: true });
      try {
        listener = listenUnix(path, 1);
        connection = connectUnix(path);
      } finally {
        rmSync(path, { force: true });
      }
      for (const fd of [listener, connection]) setNonBlocking(fd, false);
      return new Virtiofsd(
        settings.spawn("virtiofsd", argumentsOf(settings, directory), ["null", "null", "pipe", listener]),
        connection,
      );
    } catch (error) {
      if (connection !== undefined) close(connection);
      throw error;
    } finally {
      if (listener !== undefined) close(listener);
      close(state);
    }
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** The end of its connection that QEMU is to have; whoever takes it owns it. */
  takeConnection(): number {
    const connection = this.#connection;
    if (connection === undefined) throw new Error("the connection to virtiofsd is taken");
    this.#connection = undefined;
    return connection;
  }

  /** The last of what it said, one line. */
  get words(): string {
    return this.#errors.text;
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    if (this.#connection !== undefined) close(this.takeConnection());
    this.#process.kill(9);
    await this.exited;
  }
}

function argumentsOf({ setpriv, virtiofsdProgram }: DeviceSettings, directory: string): string[] {
  const bounding = ["-all", ...capabilities.map((name) => `+${name}`)].join(",");
  // Its options are split at commas, and a backslash takes the next character as it is.
  const source = `source=${directory.replaceAll(/[\\,]/g, "\\$&")}`;
  return [
    ...[setpriv, "--inh-caps=-all", `--bounding-set=${bounding}`, "--no-new-privs", "--pdeathsig", "KILL"],
    ...[virtiofsdProgram, "-f", "--fd=3", "-o", source, ...options.flatMap((option) => ["-o", option])],
  ];
}
