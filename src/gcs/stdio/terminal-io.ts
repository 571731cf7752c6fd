import type { Stdio } from "../../sys/runtime.ts";
import type { StdioConnections } from "./connections.ts";
import type { ConsoleSocket, StdioCalls } from "./ports.ts";
import type { ProcessIo } from "./process-io.ts";
import { TerminalRelay } from "./terminal-relay.ts";

/** Stdio with a terminal: runc makes the pty and hands its master over a console socket; stderr does not exist. */
export class TerminalIo implements ProcessIo {
  readonly terminal = true;
  readonly childStdio: readonly Stdio[] = ["null", "null", "null"];
  readonly #relay: TerminalRelay;
  #socket: ConsoleSocket | undefined;

  constructor(calls: StdioCalls, connections: StdioConnections | undefined) {
    this.#relay = new TerminalRelay(calls, connections);
    try {
      this.#socket = calls.consoleSocket();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get consoleSocket(): string | undefined {
    return this.#socket?.path;
  }

  childStarted(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#socket = undefined;
    try {
      this.#relay.take(socket.receive());
    } finally {
      socket.close();
    }
  }

  connect(connections: StdioConnections): void {
    this.#relay.connect(connections);
  }

  drained(): Promise<void> {
    return this.#relay.drained();
  }

  resize(columns: number, rows: number): void {
    this.#relay.resize(columns, rows);
  }

  describe(): string {
    return `terminal${this.#relay.connected ? "" : ", not connected"}`;
  }

  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
    this.#relay.close();
  }
}
