/** Loggers on Windows: a program of the client's that dials three pipes of ours (reference: hcsshim 7.4). */
import { randomUUID } from "node:crypto";
import { runtime } from "#runtime";
import { failedPrecondition, ShimError } from "../errors/shim-error.ts";
import { unlessAborted } from "../errors/unless-aborted.ts";
import { within } from "../errors/within.ts";
import type { ChildProcess } from "../sys/runtime.ts";
import { openFailed } from "./descriptor.ts";
import type { StdioContext, StdioEndpoint } from "./endpoints.ts";
import type { LoggerOptions } from "./logger.ts";
import { LoggerPipe } from "./logger-pipe.ts";
import { SinkEndpoint } from "./sink-endpoint.ts";
import type { LoggerTarget } from "./uri.ts";

export interface PipeLogger {
  readonly stdout: StdioEndpoint;
  readonly stderr: StdioEndpoint;
  /** EOF, then its end by itself or by force. Idempotent. */
  close(): Promise<void>;
}

/** Starts it and waits until it says that it is ready. Throws failed-precondition when it ends first. */
export async function startLogger(
  target: LoggerTarget,
  context: StdioContext,
  options: LoggerOptions,
): Promise<PipeLogger> {
  const { limits, signal, warn } = options;
  signal?.throwIfAborted();
  // Not to be guessed: whoever listens on a pipe first, or dials it first, has it.
  const name = `\\\\.\\pipe\\binary-${context.containerId}-${randomUUID()}`;
  const pipes: LoggerPipe[] = [];
  const listen = async (which: string): Promise<LoggerPipe> => {
    const pipe = await LoggerPipe.listen(`${name}-${which}`);
    pipes.push(pipe);
    return pipe;
  };
  let child: ChildProcess | undefined;
  try {
    const [out, err, wait] = [await listen("stdout"), await listen("stderr"), await listen("wait")];
    child = start(target, {
      ...{ CONTAINER_ID: context.containerId, CONTAINER_NAMESPACE: context.namespace },
      ...{ CONTAINER_STDOUT: out.path, CONTAINER_STDERR: err.path, CONTAINER_WAIT: wait.path },
      // Without it no program on Windows can load much.
      SystemRoot: process.env.SystemRoot ?? "C:\\Windows",
    });
    const said = Promise.race([wait.closed.then(() => "ready" as const), child.exited]);
    const heard = await unlessAborted(within(limits.ready, said), signal);
    wait.destroy();
    if (heard === undefined) {
      const problem = `logger ${target.path} is not ready after ${limits.ready} ms; cannot log to it`;
      throw new ShimError("deadline-exceeded", `${problem}: it must dial and close the pipe CONTAINER_WAIT when it is`);
    }
    if (heard !== "ready") {
      throw failedPrecondition(`logger ${target.path} ended with ${heard.code} before it was ready; cannot log to it`);
    }
    return runningLogger(target, child, [new SinkEndpoint(out), new SinkEndpoint(err)], { limits, warn });
  } catch (error) {
    for (const pipe of pipes) pipe.destroy();
    child?.kill(9);
    await child?.exited;
    throw error;
  }
}

function start(target: LoggerTarget, env: Readonly<Record<string, string>>): ChildProcess {
  try {
    return runtime.spawn([target.path, ...target.args], { env });
  } catch (error) {
    throw openFailed(target.path, error);
  }
}

/** A relay that writes to a logger that has died is told so, and drops what still comes. */
function runningLogger(
  { path }: LoggerTarget,
  child: ChildProcess,
  [stdout, stderr]: readonly [SinkEndpoint, SinkEndpoint],
  { limits, warn }: LoggerOptions,
): PipeLogger {
  let closed: Promise<void> | undefined;
  void child.exited.then(({ code }) => {
    if (closed !== undefined) return;
    warn(`logger ${path} ended with ${code} before its process: the output is discarded from now on`);
  });
  const close = async (): Promise<void> => {
    stdout.close();
    stderr.close();
    // There is no asking a program on Windows to end, but by the end of what it reads: all the time is for that.
    if (await within(limits.kill, child.exited)) return;
    warn(`logger ${path} did not end in ${limits.kill} ms after the end of its input: killed`);
    child.kill(9);
    await child.exited;
  };
  return {
    stdout,
    stderr,
    close() {
      closed ??= close();
      return closed;
    },
  };
}
