import type { ByteStream } from "./byte-stream.ts";
import type { Library, LibrarySignatures } from "./library.ts";

export type { CCallResult, CType, CValue, Library, LibrarySignatures } from "./library.ts";

/**
 * What differs between Bun and Node, and nothing more. `#runtime` (package.json
 * "imports") resolves to `bun.ts` or `node.ts`; both export `runtime: Runtime` and
 * pass the one suite in `runtime.test.ts`.
 */
export interface Runtime {
  readonly name: "bun" | "node";

  /** Listens on a unix socket path, or on an already bound and listening socket fd (taken over). */
  listen(target: { path: string } | { fd: number }, onConnection: (stream: ByteStream) => void): Promise<SocketServer>;

  /** Connects to a unix socket. Rejects with a SysError (ENOENT, ECONNREFUSED...) or the signal's reason. */
  connect(path: string, options?: { signal?: AbortSignal }): Promise<ByteStream>;

  /**
   * A byte stream over an fd that the caller gives up. `pipe` also covers FIFOs, files, devices and eventfds. One-way kinds ("read"
   * or "write") ignore the other half: `end()` on a read-only stream and data on a write-only one never happen, and they
   * close with their one half. `port` is a virtio-serial port, or what else tells by SIGIO that input has come. A pty's end is the close of its last slave; `end()` sends it nothing. The open file
   * description becomes non-blocking, for whoever shares it (a dup, an inherited copy).
   */
  adopt(fd: number, kind: "socket" | "pipe" | "pty" | "port", direction?: "read" | "write" | "both"): ByteStream;

  /** Starts a program; argv[0] is looked up on PATH unless it has a slash. Throws SysError (ENOENT, EACCES...). */
  spawn(argv: readonly string[], options?: SpawnOptions): ChildProcess;

  /**
   * Calls into a C library. `signatures` maps a symbol to [return type, ...argument types]. Strings are passed
   * NUL-terminated, buffers by address for the time of the call; `null` is NULL. A returned string, buffer or pointer
   * is its address. Throws where the library or a symbol is missing.
   */
  loadLibrary<const S extends LibrarySignatures>(name: string, signatures: S): Library<S>;

  /** Bytes that live objects hold. Where the runtime lets us (Bun) it collects garbage first, which takes some 20 ms. */
  heapInUse(): number;

  /** Lets go of compiled code once nothing runs, where the runtime can (Bun); what runs again is read again. */
  forgetCode(): void;
}

export interface SocketServer {
  /** Stops listening; open connections live on. A path that `listen` bound is unlinked. */
  close(): void;
}

/** `null` is /dev/null, a number an fd that the child inherits (and that stays the caller's), `pipe` a pipe to us. */
export type Stdio = "null" | "pipe" | number;

export interface SpawnOptions {
  cwd?: string;
  /** The whole environment; ours where undefined. */
  env?: Readonly<Record<string, string>>;
  /** Index = fd in the child. Default: three times `null`. */
  stdio?: readonly Stdio[];
  /** Own session and process group, not tied to our life. */
  detached?: boolean;
  /** Aborting kills the child (SIGKILL). */
  signal?: AbortSignal;
}

export interface ChildProcess {
  readonly pid: number;
  /** Our ends of the `pipe` entries of stdio, undefined elsewhere: 0 is written, 1 and 2 are read, others go both ways. */
  readonly pipes: readonly (ByteStream | undefined)[];
  /** Resolves once, when the child is gone. Never rejects. */
  readonly exited: Promise<ChildExit>;
  kill(signal: number): void;
}

export interface ChildExit {
  /** 0-255, or 128 + signal. */
  readonly code: number;
  readonly signal?: number;
}
