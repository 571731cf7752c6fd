import { assertNever, invalidArgument } from "../errors/shim-error.ts";
import type { StdioEndpoint, StdioEndpoints } from "./endpoints.ts";
import { fileSink } from "./file-sink.ts";
import { loggerLimits } from "./logger.ts";
import { startLogger } from "./logger.windows.ts";
import { NamedPipe } from "./named-pipe.ts";
import type * as linux from "./open.ts";
import { RedialledPipe, redialLimits } from "./redialled-pipe.ts";
import { SinkEndpoint } from "./sink-endpoint.ts";
import { parseWindowsStdio, type WindowsTarget } from "./windows-uri.ts";

type Output = Pick<StdioEndpoints, "stdout" | "stderr">;

/**
 * Opens what the client named (reference: containerd-shim 1.17, hcsshim 7.4), all or nothing: its named pipes, which it
 * listens on; for output also a file or a logger. With a terminal stderr is ignored. A stream closes once its reader has read
 * all, so nothing is left to be drained after that.
 */
export const openStdio: typeof linux.openStdio = async (paths, context, options = {}) => {
  const { signal, limits, redial, log: warn = () => {} } = options;
  const stdin = parseWindowsStdio(paths.stdin);
  if (stdin !== undefined && stdin.scheme !== "npipe") {
    throw invalidArgument(
      `stdin "${paths.stdin}" is no named pipe; cannot read it: files and loggers take output only`,
    );
  }
  const stdout = parseWindowsStdio(paths.stdout);
  const stderr = paths.terminal ? undefined : parseWindowsStdio(paths.stderr);
  const held: { close(): void | Promise<void> }[] = [];
  const hold = <H extends { close(): void | Promise<void> }>(opened: H): H => {
    held.push(opened);
    return opened;
  };
  const output = async (target: WindowsTarget): Promise<Output> => {
    switch (target.scheme) {
      case "npipe": {
        const how = { limits: { ...redialLimits, ...redial }, warn, ...(signal && { signal }) };
        return both(hold(new SinkEndpoint(await RedialledPipe.dial(target.path, how))));
      }
      case "file":
        return both(hold(new SinkEndpoint(await fileSink(target.path))));
      case "binary":
      case "binary-v2": {
        const how = { limits: { ...loggerLimits, ...limits }, warn, ...(signal && { signal }) };
        return hold(await startLogger(target, context, how));
      }
      default:
        return assertNever(target);
    }
  };
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= Promise.all(held.map((each) => each.close())).then(() => undefined);
    return closed;
  };
  try {
    const input = stdin && hold(await NamedPipe.dial(stdin.path, signal));
    const out = stdout && (await output(stdout));
    const isLogger = stdout?.scheme === "binary" || stdout?.scheme === "binary-v2";
    // A logger reads both.
    const together = isLogger && !paths.terminal && (stderr === undefined || paths.stderr === paths.stdout);
    const err = together ? out : stderr && (await output(stderr));
    return {
      stdin: input?.endpoint,
      stdout: out?.stdout,
      stderr: err?.stderr,
      drained: async () => {},
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

function both(endpoint: StdioEndpoint): Output {
  return { stdout: endpoint, stderr: endpoint };
}
