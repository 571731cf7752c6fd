import type { ByteStream } from "../../sys/byte-stream.ts";

/** What stdio asks of the operating system. */
export interface StdioCalls {
  /** A pipe; both ends close on exec. */
  pipe(): { readonly read: number; readonly write: number };
  /** Another number for the same open file, close-on-exec. */
  duplicate(fd: number): number;
  closeFd(fd: number): void;
  /** See sys/runtime.ts: the fd is given up. */
  adopt(fd: number, kind: "pipe" | "pty", direction: "read" | "write" | "both"): ByteStream;
  /** A unix socket on which runc hands over the master of the terminal that it makes. */
  consoleSocket(): ConsoleSocket;
  /** A new pty; `path` names its slave. Neither becomes our controlling terminal. */
  openTerminal(): { readonly master: number; readonly slave: number; readonly path: string };
  /** TIOCSWINSZ. */
  setWindowSize(fd: number, columns: number, rows: number): void;
}

export interface ConsoleSocket {
  readonly path: string;
  /** The pty master, once runc has ended well. Throws internal where runc sent none. */
  receive(): number;
  /** Closes and unlinks the socket. Idempotent. */
  close(): void;
}
