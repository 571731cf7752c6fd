import type { Stdio } from "../../sys/runtime.ts";
import type { StdioConnections } from "./connections.ts";
import type { StdioCalls } from "./ports.ts";
import type { ProcessIo } from "./process-io.ts";
import { TerminalRelay } from "./terminal-relay.ts";

/** Stdio with a terminal for a process that we spawn ourselves: the pty is ours to make, the process opens `terminalPath`. */
export class ExternalTerminalIo implements ProcessIo {
  readonly terminal = true;
  readonly consoleSocket = undefined;
  readonly childStdio: readonly Stdio[] = ["null", "null", "null"];
  readonly terminalPath: string;
  readonly #relay: TerminalRelay;
  readonly #calls: StdioCalls;
  /** Until the process has opened it there must be a slave, or the master reads its end. */
  #slave: number | undefined;

  constructor(calls: StdioCalls, connections: StdioConnections) {
    this.#calls = calls;
    this.#relay = new TerminalRelay(calls, connections);
    try {
      const { master, slave, path } = calls.openTerminal();
      this.terminalPath = path;
      this.#slave = slave;
      this.#relay.take(master);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  childStarted(): void {}

  connect(connections: StdioConnections): void {
    this.#relay.connect(connections);
  }

  drained(): Promise<void> {
    this.#closeSlave();
    return this.#relay.drained();
  }

  resize(columns: number, rows: number): void {
    this.#relay.resize(columns, rows);
  }

  describe(): string {
    return `terminal ${this.terminalPath}`;
  }

  close(): void {
    this.#closeSlave();
    this.#relay.close();
  }

  #closeSlave(): void {
    if (this.#slave !== undefined) this.#calls.closeFd(this.#slave);
    this.#slave = undefined;
  }
}
