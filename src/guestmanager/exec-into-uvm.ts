import { invalidArgument } from "../errors/shim-error.ts";
import { unlessAborted } from "../errors/unless-aborted.ts";
import { within } from "../errors/within.ts";
import { endingInput } from "../stdio/ending-input.ts";
import type { StdioEndpoint } from "../stdio/endpoints.ts";
import { openStdio } from "../stdio/open.ts";
import { type Relay, relay } from "../stdio/relay.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import type { CmdProcessRequest, ExternalProcess, Guest, GuestCallOptions, GuestStdio } from "./guest.ts";
import { WCOW_SYSTEM_USER } from "./wcow/process-parameters.ts";

const SIGKILL = 9;
const LINUX_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** How long a client may take for what is left of the output, once the process has ended. */
const DRAIN_MS = 10_000;

/**
 * One command in the guest itself, to its end (reference: hcsshim's ExecInUvm). Rejects with invalid-argument for no
 * command, as `openStdio` for its stdio, and with the reason of an abort, which kills the process.
 */
export async function execIntoUvm(
  guest: Pick<Guest<never>, "os" | "createProcess">,
  { args, workdir = "", terminal = false, stdin = "", stdout = "", stderr = "" }: CmdProcessRequest,
  options: GuestCallOptions = {},
): Promise<number> {
  if (args.length === 0) throw invalidArgument("a command in the guest has no words; name what to run");
  const { signal } = options;
  signal?.throwIfAborted();
  const paths = { terminal, stdin, stdout, stderr };
  const endpoints = await openStdio(paths, { containerId: "uvm", namespace: "" }, options);
  let input: Relay | undefined;
  let outputs: Relay[] = [];
  try {
    const process = await guest.createProcess(
      {
        ...(guest.os === "linux" ? inLinux(workdir) : inWindows(workdir)),
        ...{ commandArgs: args, emulateConsole: terminal },
        stdio: {
          ...(endpoints.stdin && { stdin: asStream }),
          ...(endpoints.stdout && { stdout: asStream }),
          ...(endpoints.stderr && { stderr: asStream }),
        },
      },
      options,
    );
    if (endpoints.stdin !== undefined && process.stdin !== undefined) {
      input = relay(endingInput(endpoints.stdin).stream(), process.stdin);
    }
    outputs = [...output(process.stdout, endpoints.stdout), ...output(process.stderr, endpoints.stderr)];
    const kill = (): void => void process.signal(SIGKILL).catch(() => {});
    signal?.addEventListener("abort", kill, { once: true });
    if (signal?.aborted) kill();
    try {
      // A guest that is asked to kill may be too wedged for it.
      const exitCode = await unlessAborted(process.exitCode, signal);
      await within(DRAIN_MS, Promise.all(outputs.map(({ done }) => done)));
      await endpoints.drained({ timeoutMs: DRAIN_MS });
      return exitCode;
    } finally {
      signal?.removeEventListener("abort", kill);
    }
  } finally {
    for (const each of [input, ...outputs]) each?.stop();
    await endpoints.close();
  }
}

const asStream: GuestStdio = { kind: "stream" };

function inLinux(workdir: string): Omit<ExternalProcess, "commandArgs"> {
  return { workingDirectory: workdir || "/", environment: { PATH: LINUX_PATH } };
}

function inWindows(workdir: string): Omit<ExternalProcess, "commandArgs"> {
  return { workingDirectory: workdir || "C:\\", user: WCOW_SYSTEM_USER };
}

function output(stream: ByteStream | undefined, endpoint: StdioEndpoint | undefined): Relay[] {
  return stream === undefined || endpoint === undefined ? [] : [relay(stream, endpoint.stream())];
}
