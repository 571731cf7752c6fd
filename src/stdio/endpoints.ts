import type { ByteStream } from "../sys/byte-stream.ts";

/** containerd's stdio of one process: URIs or FIFO paths, empty = none (reference: containerd-shim, 1.17). */
export interface StdioPaths {
  readonly terminal: boolean;
  readonly stdin: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** One end of a process's stdio on the host's side: a FIFO, a file, a logger's pipe, or nothing. */
export interface StdioEndpoint {
  /** A new blocking fd for the process itself; the caller owns it. */
  passFd(): number;
  /** The same endpoint as a stream for a relay (read half for stdin, write half for the others). At most once. */
  stream(): ByteStream;
}

export interface InputEndpoint extends StdioEndpoint {
  /** Drops our own writing end: the process sees EOF once the client's writers are gone too. Idempotent. */
  closeInput(): void;
}

/** The opened stdio of one process. `undefined` where the client gave no path: the process gets /dev/null. */
export interface StdioEndpoints {
  readonly stdin: InputEndpoint | undefined;
  readonly stdout: StdioEndpoint | undefined;
  readonly stderr: StdioEndpoint | undefined;
  /**
   * Resolves when loggers, the readers of FIFOs and streams' clients have read all that was written to them, at the latest
   * after the time-out (two seconds for the first two, half a second for a FIFO that nobody reads): they may end with the
   * container. At once without any, or where they are gone. Never rejects.
   */
  drained(options: { timeoutMs: number }): Promise<void>;
  /** Closes what we hold: readers see EOF after what is buffered; a logger is waited for, then ended. Idempotent. */
  close(): Promise<void>;
}

export interface StdioContext {
  readonly containerId: string;
  readonly namespace: string;
}
