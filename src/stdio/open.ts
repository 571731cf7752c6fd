import { assertNever, invalidArgument } from "../errors/shim-error.ts";
import type { InputEndpoint, StdioContext, StdioEndpoints, StdioPaths } from "./endpoints.ts";
import { openFile, openInput, openOutput } from "./fifo.ts";
import { type Logger, type LoggerLimits, loggerLimits, startLogger } from "./logger.ts";
import type { RedialLimits } from "./redialled-pipe.ts";
import { StreamedInput } from "./streamed-input.ts";
import { StreamedOutput } from "./streamed-output.ts";
import type { StreamClaim, StreamSource } from "./streams.ts";
import { parseStdio, type StdioTarget, type StreamTarget } from "./uri.ts";

export interface OpenStdioOptions {
  /** Ends the wait for a logger to get ready. */
  readonly signal?: AbortSignal;
  readonly log?: (message: string) => void;
  readonly limits?: Partial<LoggerLimits>;
  /** On Windows: how a client's pipe that is gone is dialled again. */
  readonly redial?: Partial<RedialLimits>;
  /** The shim's own streams. */
  readonly streams?: StreamSource;
}

/** How often we look whether a logger has read on, and how long at most once the process is dead (milliseconds). */
const LOOK = 5;
const LOGGER_MS = 2_000;

/** Two endpoints over one FIFO, file or logger. */
type Output = Pick<StdioEndpoints, "stdout" | "stderr">;

/**
 * Opens what the client named (reference: containerd-shim 1.17), all or nothing. With a terminal stderr is ignored.
 * Throws invalid-argument (scheme, path), not-found (FIFO, logger), failed-precondition and deadline-exceeded (a logger
 * that ends or hangs before it is ready).
 */
export async function openStdio(
  paths: StdioPaths,
  context: StdioContext,
  options: OpenStdioOptions = {},
): Promise<StdioEndpoints> {
  const stdin = parseStdio(paths.stdin);
  if (stdin !== undefined && stdin.scheme !== "fifo" && stdin.scheme !== "ttrpc+unix") {
    throw invalidArgument(
      `stdin "${paths.stdin}" is neither a FIFO nor a stream; cannot read it: loggers and files take output only`,
    );
  }
  const stdout = parseStdio(paths.stdout);
  const stderr = paths.terminal ? undefined : parseStdio(paths.stderr);
  const opening = new Opening(context, options);
  try {
    const input = stdin === undefined ? undefined : opening.input(stdin);
    const out = stdout === undefined ? undefined : await opening.output(stdout);
    // A logger reads both; a client that names one path twice means one FIFO or file.
    const together = stderr === undefined ? isLogger(stdout) && !paths.terminal : paths.stderr === paths.stdout;
    const err = together ? out : stderr === undefined ? undefined : await opening.output(stderr);
    return {
      stdin: input,
      stdout: out?.stdout,
      stderr: err?.stderr,
      drained: ({ timeoutMs }) => opening.drained(timeoutMs),
      close: () => opening.close(),
    };
  } catch (error) {
    await opening.close();
    throw error;
  }
}

function isLogger(target: StdioTarget | undefined): boolean {
  return target?.scheme === "binary" || target?.scheme === "binary-v2";
}

class Opening {
  readonly #context: StdioContext;
  readonly #options: OpenStdioOptions;
  readonly #held: { close(): void | Promise<void> }[] = [];
  readonly #loggers: Logger[] = [];
  readonly #read: { drained(ms: number): Promise<void> }[] = [];
  #closed: Promise<void> | undefined;

  constructor(context: StdioContext, options: OpenStdioOptions) {
    this.#context = context;
    this.#options = options;
  }

  input(target: { readonly scheme: "fifo"; readonly path: string } | StreamTarget): InputEndpoint {
    const held = target.scheme === "fifo" ? openInput(target.path) : new StreamedInput(this.#claim(target));
    return this.#hold(held).endpoint;
  }

  async output(target: StdioTarget): Promise<Output> {
    switch (target.scheme) {
      case "fifo": {
        const output = this.#hold(openOutput(target.path));
        this.#read.push(output);
        return output;
      }
      case "file":
        return this.#hold(openFile(target.path));
      case "ttrpc+unix": {
        const output = this.#hold(new StreamedOutput(this.#claim(target)));
        this.#read.push(output);
        return output;
      }
      case "binary":
      case "binary-v2": {
        const { signal, limits, log } = this.#options;
        const logger = await startLogger(target, this.#context, {
          limits: { ...loggerLimits, ...limits },
          warn: log ?? (() => {}),
          ...(signal === undefined ? {} : { signal }),
        });
        this.#loggers.push(logger);
        return logger;
      }
      default:
        return assertNever(target);
    }
  }

  async drained(ms: number): Promise<void> {
    const read = this.#read.map((output) => output.drained(ms));
    await Promise.all([...read, this.#loggersDrained(Math.min(ms, LOGGER_MS))]);
  }

  async #loggersDrained(ms: number): Promise<void> {
    const until = performance.now() + ms;
    while (this.#loggers.some((logger) => logger.unread() > 0) && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, LOOK));
    }
  }

  #claim({ path, id }: StreamTarget): StreamClaim {
    const { streams } = this.#options;
    if (streams !== undefined && path === streams.socketPath) return streams.claim(id);
    throw invalidArgument(
      `stream ${id} is on the socket ${path}; cannot open it: this shim's is ${streams?.socketPath}`,
    );
  }

  #hold<H extends { close(): void | Promise<void> }>(held: H): H {
    this.#held.push(held);
    return held;
  }

  /** Idempotent. */
  close(): Promise<void> {
    this.#closed ??= (async () => {
      const held = this.#held.map((each) => each.close());
      await Promise.all([...held, ...this.#loggers.map((logger) => logger.close())]);
    })();
    return this.#closed;
  }
}
