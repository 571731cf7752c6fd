/** Loggers: `binary://` and `binary-v2://`, a program of the client's that reads the output (reference: containerd-shim 1.17). */

import { runtime } from "#runtime";
import { ShimError } from "../errors/shim-error.ts";
import { within } from "../errors/within.ts";
import { close, pipe } from "../sys/libc.ts";
import { unreadBytes } from "../sys/pipe-state.ts";
import { processStat } from "../sys/process.ts";
import type { ChildProcess } from "../sys/runtime.ts";
import { DescriptorEndpoint, HeldFd, openFailed } from "./descriptor.ts";
import type { StdioContext, StdioEndpoint } from "./endpoints.ts";
import type { LoggerTarget } from "./uri.ts";

export interface LoggerLimits {
  /** Until it says that it is ready. */
  readonly ready: number;
  /** Given to it, after EOF, to end by itself. */
  readonly end: number;
  /** From SIGTERM to SIGKILL. */
  readonly kill: number;
}

export const loggerLimits: LoggerLimits = { ready: 10_000, end: 2_000, kill: 12_000 };

export interface Logger {
  readonly stdout: StdioEndpoint;
  readonly stderr: StdioEndpoint;
  /** Bytes it has not read yet; 0 once it is dead or closed. */
  unread(): number;
  /** EOF, SIGTERM, SIGKILL. Resolves when it is gone. Idempotent. */
  close(): Promise<void>;
}

export interface LoggerOptions {
  readonly limits: LoggerLimits;
  readonly signal?: AbortSignal;
  readonly warn: (message: string) => void;
}

/** Starts the logger and waits until it is ready. Throws failed-precondition when it ends first. */
export async function startLogger(
  target: LoggerTarget,
  context: StdioContext,
  options: LoggerOptions,
): Promise<Logger> {
  options.signal?.throwIfAborted();
  const out = new LoggerPipe();
  const err = new LoggerPipe();
  const [readyReader, readyWriter] = pipe();
  let child: ChildProcess;
  try {
    child = runtime.spawn([target.path, ...target.args], {
      env: { CONTAINER_ID: context.containerId, CONTAINER_NAMESPACE: context.namespace },
      stdio: ["null", "null", "null", out.readerFd(), err.readerFd(), readyWriter],
    });
  } catch (error) {
    for (const end of [out, err]) end.close();
    close(readyReader);
    throw openFailed(target.path, error);
  } finally {
    close(readyWriter);
  }
  let closed: Promise<void> | undefined;
  const logger: Logger = {
    stdout: out.endpoint,
    stderr: err.endpoint,
    unread: () => out.unread() + err.unread(),
    close() {
      closed ??= end(child, [out, err], options);
      return closed;
    },
  };
  try {
    await ready(target, child, readyReader, options);
  } catch (error) {
    for (const end of [out, err]) end.close();
    child.kill(9);
    await child.exited;
    throw error;
  }
  void child.exited.then(({ code }) => {
    if (closed !== undefined) return;
    options.warn(`logger ${target.path} ended with ${code} before its process: the output is discarded from now on`);
    for (const end of [out, err]) end.discard();
  });
  return logger;
}

/** Our ends of one of its pipes. The reading one stays ours too: its death must not end the container by SIGPIPE. */
class LoggerPipe {
  readonly endpoint: DescriptorEndpoint;
  readonly #reader: HeldFd;
  readonly #writer: HeldFd;

  constructor() {
    const [reader, writer] = pipe();
    this.#reader = new HeldFd(reader);
    this.#writer = new HeldFd(writer);
    this.endpoint = new DescriptorEndpoint(() => this.#writer.get(), "write");
  }

  readerFd(): number {
    return this.#reader.get();
  }

  unread(): number {
    return this.#reader.closed ? 0 : unreadBytes(this.#reader.get());
  }

  /** Reads on in the place of a dead logger, so that nobody blocks. Ends with the last writer. */
  discard(): void {
    const rest = runtime.adopt(this.#reader.take(), "pipe", "read");
    rest.open({ data() {}, end() {}, drain() {}, close() {} });
  }

  close(): void {
    this.endpoint.closeStream();
    this.#writer.close();
    this.#reader.close();
  }
}

async function end(child: ChildProcess, pipes: readonly LoggerPipe[], options: LoggerOptions): Promise<void> {
  for (const each of pipes) each.close();
  if (await within(options.limits.end, child.exited)) return;
  child.kill(15);
  if (await within(options.limits.kill, child.exited)) return;
  options.warn(`logger ${child.pid} did not end in ${options.limits.kill} ms after SIGTERM: killed`);
  child.kill(9);
  await child.exited;
}

async function ready(
  target: LoggerTarget,
  child: ChildProcess,
  readyReader: number,
  options: LoggerOptions,
): Promise<void> {
  const said = await answer(child, readyReader, options);
  if (said === "byte" || (said === "eof" && target.scheme === "binary" && runs(child.pid))) return;
  if (said === "late") {
    const problem = `logger ${target.path} is not ready after ${options.limits.ready} ms; cannot log to it`;
    throw new ShimError("deadline-exceeded", `${problem}: it must close fd 5 when it is`);
  }
  const how = runs(child.pid) ? "closed fd 5 without a byte" : `ended with ${(await child.exited).code}`;
  throw new ShimError("failed-precondition", `logger ${target.path} ${how} before it was ready; cannot log to it`);
}

/** The first thing that is heard of it. */
async function answer(
  child: ChildProcess,
  readyReader: number,
  options: LoggerOptions,
): Promise<"byte" | "eof" | "late"> {
  const { signal, limits } = options;
  const stream = runtime.adopt(readyReader, "pipe", "read");
  let timer: ReturnType<typeof setTimeout> | undefined;
  let abort: () => void = () => {};
  try {
    return await new Promise((resolve, reject) => {
      stream.open({ data: () => resolve("byte"), end: () => resolve("eof"), drain() {}, close: () => resolve("eof") });
      abort = () => reject(signal?.reason);
      signal?.addEventListener("abort", abort, { once: true });
      timer = setTimeout(() => resolve("late"), limits.ready);
      // A child of its own may hold fd 5 open.
      void child.exited.then(() => resolve("eof"));
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
    stream.destroy();
  }
}

/** EOF on its fd 5 may be its end: an exiting process closes its fds before its parent can know. */
function runs(pid: number): boolean {
  const stat = processStat(pid);
  return stat !== undefined && !stat.exiting;
}
