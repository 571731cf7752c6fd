import { invalidArgument, ShimError } from "../../errors/shim-error.ts";
import type { ExternalSettings, StdioPorts } from "../host.ts";
import { dialStdio } from "../stdio/connections.ts";
import { ExternalTerminalIo } from "../stdio/external-terminal-io.ts";
import { PipeIo } from "../stdio/pipe-io.ts";
import { GuestProcess } from "./guest-process.ts";
import type { RuntimePorts } from "./ports.ts";
import { ProcessTable } from "./process-table.ts";

/** Where an external process without a PATH of its own finds its programs. */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Opens the terminal as the controlling one: the shell leads a session of its own
 * (`detached`) that has none, so the first that it opens becomes it.
 */
const TAKE_TERMINAL = 'terminal=$1; shift; exec "$@" <>"$terminal" >&0 2>&0';

/** Processes of the guest itself, outside any container (null container id). */
export class ExternalProcesses {
  readonly #ports: RuntimePorts;
  readonly #table = new ProcessTable("the guest");

  constructor(ports: RuntimePorts) {
    this.#ports = ports;
  }

  async start(settings: ExternalSettings, stdio: StdioPorts): Promise<{ pid: number }> {
    const [program] = settings.commandArgs;
    if (program === undefined || program === "")
      throw invalidArgument("external process: CommandArgs is empty; cannot start it");
    const connections = await dialStdio(this.#ports.dial, stdio, this.#ports.stdio);
    const calls = this.#ports.stdio;
    const io = settings.emulateConsole ? new ExternalTerminalIo(calls, connections) : new PipeIo(calls, connections);
    try {
      const argv =
        io instanceof ExternalTerminalIo
          ? ["/bin/sh", "-c", TAKE_TERMINAL, "sh", io.terminalPath, ...settings.commandArgs]
          : settings.commandArgs;
      const child = this.#ports.spawn(argv, {
        cwd: settings.workingDirectory === "" ? "/" : settings.workingDirectory,
        env: { PATH: DEFAULT_PATH, ...settings.environment },
        stdio: io.childStdio,
        detached: true,
      });
      const process = new GuestProcess({
        owner: "the guest",
        pid: child.pid,
        command: settings.commandArgs.join(" "),
        io,
        exited: child.exited,
        drainMs: this.#ports.drainMs,
      });
      this.#table.add(process);
      io.childStarted();
      return { pid: child.pid };
    } catch (error) {
      io.close();
      if (error instanceof ShimError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw invalidArgument(`external process "${program}" cannot be started: ${reason}`, error);
    }
  }

  find(pid: number): GuestProcess | undefined {
    return this.#table.find(pid);
  }

  /** Throws not-found. */
  get(pid: number): GuestProcess {
    return this.#table.get(pid);
  }

  describe(): string[] {
    return this.#table.describe().map((line) => `  ${line}`);
  }

  /** SIGKILL for all that run. */
  kill(): void {
    for (const process of this.#table.running()) process.signal();
  }
}
