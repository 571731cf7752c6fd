import { invalidArgument } from "../errors/shim-error.ts";
import type { StdioEndpoint, StdioEndpoints } from "./endpoints.ts";
import { loggerLimits } from "./logger.ts";
import { type PipeLogger, startLogger } from "./logger.windows.ts";
import { NamedPipe } from "./named-pipe.ts";
import type * as linux from "./open.ts";
import { parseStdio } from "./uri.ts";

/**
 * Opens what the client named (reference: containerd-shim 1.17, hcsshim 7.4), all or nothing: its named pipes, which it
 * listens on, or a logger for the output.
 */
export const openStdio: typeof linux.openStdio = async (paths, context, { signal, limits } = {}) => {
  const pipes: NamedPipe[] = [];
  let logger: PipeLogger | undefined;
  const dial = async (name: string): Promise<NamedPipe | undefined> => {
    if (name === "") return undefined;
    const pipe = await NamedPipe.dial(pipePath(name), signal);
    pipes.push(pipe);
    return pipe;
  };
  const close = async (): Promise<void> => {
    for (const pipe of pipes) pipe.close();
    await logger?.close();
  };
  try {
    const stdin = await dial(paths.stdin);
    let stdout: StdioEndpoint | undefined;
    let stderr: StdioEndpoint | undefined;
    const target = paths.stdout.startsWith("binary") ? parseStdio(paths.stdout) : undefined;
    if (target?.scheme === "binary" || target?.scheme === "binary-v2") {
      // As a URI has it: /C:/logger.exe.
      const path = target.path.replace(/^\/(?=[A-Za-z]:)/, "");
      const options = { limits: { ...loggerLimits, ...limits }, ...(signal && { signal }) };
      logger = await startLogger({ ...target, path }, context, options);
      stdout = logger.stdout;
      if (!paths.terminal) stderr = logger.stderr;
    } else {
      stdout = (await dial(paths.stdout))?.endpoint;
      if (!paths.terminal) stderr = (await dial(paths.stderr))?.endpoint;
    }
    const drained = async (): Promise<void> => {};
    return { stdin: stdin?.endpoint, stdout, stderr, drained, close } satisfies StdioEndpoints;
  } catch (error) {
    await close();
    throw error;
  }
};

/** `\\.\pipe\NAME`, or the same as a URI: `npipe:////./pipe/NAME`. */
function pipePath(name: string): string {
  const path = name.replace(/^npipe:\/\//, "").replaceAll("/", "\\");
  if (/^\\\\\.\\pipe\\./i.test(path)) return path;
  throw invalidArgument(`stdio "${name}" is no named pipe; cannot open it: write \\\\.\\pipe\\NAME`);
}
