import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

/** More than the longest that the shim itself allows a call, Create with a boot in it (180 s). */
export const patienceMs = 200_000;

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Given to stdin, which then ends. Without any input stdin is /dev/null. */
  readonly input?: string | Uint8Array;
  /**
   * Given to stdin, which ends once the first output came back: ctr 1.6 forgets an end that it sees before the task is
   * made, and the process would then wait for ever.
   */
  readonly echoedInput?: string | Uint8Array;
  /** The command is killed after this long and `run` rejects. Milliseconds, default `patienceMs`. */
  readonly timeout?: number;
}

export interface CommandResult {
  /** 0-255, or 128 + signal. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as it came. */
  readonly bytes: Buffer;
}

/** Runs a command to its end. A code other than 0 is a result, not an error. */
export async function run(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { input, echoedInput } = options;
  const command = start(argv, {
    ...options,
    stdin: input === undefined && echoedInput === undefined ? "ignore" : "pipe",
  });
  if (input !== undefined) command.stdin?.end(input);
  if (echoedInput !== undefined) {
    command.stdin?.write(echoedInput);
    command.firstOutput(() => command.stdin?.end());
  }
  return await command.result(options.timeout);
}

/** The same, for commands that have to succeed: the error quotes what the command said. */
export async function runOk(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const result = await run(argv, options);
  if (result.code !== 0) throw new Error(`${argv.join(" ")}: code ${result.code}\n${result.stderr}${result.stdout}`);
  return result;
}

/** A command in the background, its output gathered. */
export interface Command {
  readonly pid: number;
  readonly stdin: Writable | null;
  /** What stdout gave up to now. */
  stdout(): string;
  stderr(): string;
  /** True once the process is gone. */
  ended(): boolean;
  /** Calls back when stdout gives its first bytes. */
  firstOutput(callback: () => void): void;
  kill(signal?: NodeJS.Signals): void;
  /** Its end; rejects, and kills it, after `timeout` milliseconds. */
  result(timeout?: number): Promise<CommandResult>;
}

export interface StartOptions extends Omit<CommandOptions, "input" | "echoedInput" | "timeout"> {
  readonly stdin?: "pipe" | "ignore";
}

export function start(argv: readonly string[], options: StartOptions = {}): Command {
  const [file = "", ...args] = argv;
  const child = spawn(file, args, {
    stdio: [options.stdin ?? "ignore", "pipe", "pipe"],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
  }) as ChildProcessByStdio<Writable | null, Readable, Readable>;
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  // A command that ends before it reads its input is no fault of the test's.
  child.stdin?.on("error", () => {});
  const text = (chunks: Buffer[]): string => Buffer.concat(chunks).toString("utf8");

  let gone = false;
  const closed = new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", () => {
      gone = true;
    });
    child.on("close", (code, signal) => resolve(code ?? 128 + signalNumber(signal)));
  });
  closed.catch(() => {}); // The caller of `result` sees it.

  return {
    pid: child.pid ?? -1,
    stdin: child.stdin,
    stdout: () => text(out),
    stderr: () => text(err),
    ended: () => gone,
    firstOutput: (callback) => void child.stdout.once("data", callback),
    kill: (signal = "SIGKILL") => void child.kill(signal),
    async result(timeout = patienceMs) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          child.kill("SIGKILL");
          child.stdout.destroy();
          child.stderr.destroy();
          reject(new Error(`${argv.join(" ")}: no end after ${timeout} ms\n${text(err)}${text(out).slice(-2000)}`));
        }, timeout);
      });
      try {
        const code = await Promise.race([closed, late]);
        return { code, stdout: text(out), stderr: text(err), bytes: Buffer.concat(out) };
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === "SIGKILL" ? 9 : signal === "SIGTERM" ? 15 : signal === "SIGINT" ? 2 : 1;
}
