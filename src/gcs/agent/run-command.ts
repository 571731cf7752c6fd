import { invalidArgument, notFound } from "../../errors/shim-error.ts";
import type { ByteStream } from "../../sys/byte-stream.ts";
import type { ChildProcess, Runtime } from "../../sys/runtime.ts";
import { errorCode } from "../../sys/sys-error.ts";
import type { StreamClaims } from "./stream-table.ts";

/** A stream whose output has ended: how long its host may take to end its half. */
const LINGER_MS = 30_000;

/** Ids of streams; "" is /dev/null. */
export interface Command {
  readonly args: readonly string[];
  readonly stdin: string;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program of the guest to its end, its stdio on claimed streams; answers its exit status when all its output has been
 * written. It is killed when the signal aborts. Rejects with not-found for a program, or a stream, that is not there.
 */
export async function runCommand(
  command: Command,
  { runtime, streams, signal }: { runtime: Pick<Runtime, "spawn">; streams: StreamClaims; signal: AbortSignal },
): Promise<number> {
  const [program] = command.args;
  if (program === undefined || command.args.some((arg) => arg.includes("\0"))) {
    throw invalidArgument("RunRequest.args names no program, or has a NUL: give the program and its arguments");
  }
  const ids = [command.stdin, command.stdout, command.stderr];
  const claimed: (ByteStream | undefined)[] = [];
  let child: ChildProcess;
  try {
    for (const id of ids) claimed.push(id === "" ? undefined : streams.claim(id));
    child = runtime.spawn(command.args, { stdio: ids.map((id) => (id === "" ? "null" : "pipe")), signal });
  } catch (error) {
    for (const stream of claimed) stream?.destroy();
    if (errorCode(error) !== "ENOENT" && errorCode(error) !== "EACCES") throw error;
    throw notFound(`program "${program}" cannot be run in this guest: ${String(error)}`, error);
  }
  const [stdin, stdout, stderr] = child.pipes;
  const [input, ...outputs] = claimed;
  if (stdin !== undefined && input !== undefined) feed(stdin, input);
  const [drained] = await Promise.all([child.exited, drain(stdout, outputs[0]), drain(stderr, outputs[1])]);
  // Who still sends has nobody to send to.
  input?.destroy();
  return drained.code;
}

/** A program that has closed its stdin takes no more: its host is told by the end of the stream. */
function feed(stdin: ByteStream, input: ByteStream): void {
  stdin.open({ data() {}, end() {}, drain: () => input.resume(), close: () => input.destroy() });
  input.open({
    data(chunk) {
      if (!stdin.write(chunk)) input.pause();
    },
    end: () => stdin.end(),
    drain() {},
    close: () => stdin.end(),
  });
}

/** Resolves when the pipe is at its end. Output that its host does not want any more is read all the same. */
function drain(pipe: ByteStream | undefined, output: ByteStream | undefined): Promise<void> {
  if (pipe === undefined || output === undefined) return Promise.resolve();
  let lingering: NodeJS.Timeout | undefined;
  let gone = false;
  output.open({
    data() {},
    end() {},
    drain: () => pipe.resume(),
    close() {
      clearTimeout(lingering);
      gone = true;
      pipe.resume();
    },
  });
  return new Promise((resolve) => {
    pipe.open({
      data(chunk) {
        if (!output.write(chunk) && !gone) pipe.pause();
      },
      end() {},
      drain() {},
      close() {
        output.end();
        if (!gone) lingering = setTimeout(() => output.destroy(), LINGER_MS);
        resolve();
      },
    });
  });
}
