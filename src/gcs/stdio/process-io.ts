import type { Stdio } from "../../sys/runtime.ts";
import type { StdioConnections } from "./connections.ts";

/** The guest's end of one process's stdio, from before the process exists until it is gone and read out. */
export interface ProcessIo {
  readonly terminal: boolean;
  /** What runc (or an external process) gets as its stdin, stdout, stderr. */
  readonly childStdio: readonly Stdio[];
  readonly consoleSocket: string | undefined;
  /** The process exists: our copies of its ends are closed, its terminal is taken over. */
  childStarted(): void;
  /** Joins the host's ends; at once where they were there from the start. The first ones stay, later ones are dropped. */
  connect(connections: StdioConnections): void;
  /**
   * To be called when the process is gone: resolves when all output is with the host and it has said so (at once where
   * the host reads it by itself), and lets go of the rest.
   */
  drained(): Promise<void>;
  /** Throws failed-precondition without a terminal. */
  resize(columns: number, rows: number): void;
  /** One line for a stack dump. */
  describe(): string;
  /** Drops everything. Idempotent. */
  close(): void;
}
