/** Loggers on Windows: a program of the client's that dials three pipes of ours (reference: hcsshim 7.4). */
import { randomUUID } from "node:crypto";
import { runtime } from "#runtime";
import { failedPrecondition, ShimError } from "../errors/shim-error.ts";
import { unlessAborted } from "../errors/unless-aborted.ts";
import { within } from "../errors/within.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import type { ChildProcess, SocketServer } from "../sys/runtime.ts";
import { openFailed } from "./descriptor.ts";
import type { StdioContext, StdioEndpoint } from "./endpoints.ts";
import type { LoggerLimits } from "./logger.ts";
import { NamedPipe } from "./named-pipe.ts";
import type { LoggerTarget } from "./uri.ts";

export interface PipeLogger {
  readonly stdout: StdioEndpoint;
  readonly stderr: StdioEndpoint;
  /** EOF, then its end by itself or by force. Idempotent. */
  close(): Promise<void>;
}

/** Starts it and waits until it has dialled its pipes and closed the one to say that it is ready. */
export async function startLogger(
  target: LoggerTarget,
  context: StdioContext,
  { limits, signal }: { readonly limits: LoggerLimits; readonly signal?: AbortSignal },
): Promise<PipeLogger> {
  signal?.throwIfAborted();
  const name = `\\\\.\\pipe\\binary-${context.containerId}-${randomUUID()}`;
  const pipes = await Promise.all(["stdout", "stderr", "wait"].map((which) => serve(`${name}-${which}`)));
  const [out, err, wait] = pipes;
  if (!out || !err || !wait) throw new ShimError("internal", "a logger has three pipes");
  const release = () => {
    for (const pipe of pipes) pipe.server.close();
  };
  let child: ChildProcess | undefined;
  const dialled: NamedPipe[] = [];
  try {
    const env = {
      ...{ CONTAINER_ID: context.containerId, CONTAINER_NAMESPACE: context.namespace },
      ...{ CONTAINER_STDOUT: out.path, CONTAINER_STDERR: err.path, CONTAINER_WAIT: wait.path },
      // Without it no program on Windows can load much.
      SystemRoot: process.env.SystemRoot ?? "C:\\Windows",
    };
    child = runtime.spawn([target.path, ...target.args], { env });
    const { exited } = child;
    const ready = Promise.all([out.first, err.first, wait.first.then(closedByPeer)]);
    const died = exited.then(({ code }) => {
      throw failedPrecondition(`logger ${target.path} ended with ${code} before it was ready; cannot log to it`);
    });
    died.catch(() => undefined);
    const came = within(limits.ready, Promise.race([ready.then(() => true), died]));
    if (!(await unlessAborted(came, signal))) {
      const problem = `logger ${target.path} is not ready after ${limits.ready} ms; cannot log to it`;
      throw new ShimError("deadline-exceeded", `${problem}: it must close the pipe CONTAINER_WAIT when it is`);
    }
    for (const stream of [await out.first, await err.first]) dialled.push(new NamedPipe(stream));
  } catch (error) {
    for (const pipe of pipes) void pipe.first.then((stream) => stream.destroy());
    child?.kill(9);
    throw child === undefined ? openFailed(target.path, error) : error;
  } finally {
    release();
  }
  const [stdout, stderr] = dialled;
  if (!stdout || !stderr) throw new ShimError("internal", "a logger reads two pipes");
  const running = child;
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    stdout.close();
    stderr.close();
    if (await within(limits.end, running.exited)) return;
    running.kill(9);
    await running.exited;
  };
  return {
    stdout: stdout.endpoint,
    stderr: stderr.endpoint,
    close() {
      closed ??= close();
      return closed;
    },
  };
}

interface Served {
  readonly path: string;
  readonly server: SocketServer;
  /** The first to dial; nobody else is let in. */
  readonly first: Promise<ByteStream>;
}

async function serve(path: string): Promise<Served> {
  let arrived: (stream: ByteStream) => void = () => undefined;
  const first = new Promise<ByteStream>((resolve) => {
    arrived = resolve;
  });
  let taken = false;
  const server = await runtime.listen({ path }, (stream) => {
    if (taken) stream.destroy();
    taken = true;
    arrived(stream);
  });
  return { path, server, first };
}

function closedByPeer(stream: ByteStream): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      stream.destroy();
      resolve();
    };
    stream.open({ data: () => undefined, end, drain: () => undefined, close: () => resolve() });
  });
}
