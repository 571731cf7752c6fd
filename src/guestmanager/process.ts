import { isKind, ShimError } from "../errors/shim-error.ts";
import { vsockServiceId } from "../prot/hvsocket.ts";
import type { ContainerWaitForProcessResponse } from "../prot/messages/process.ts";
import { INFINITE_WAIT_TIMEOUT } from "../prot/protocol.ts";
import { rpcs, wcowRpcs } from "../prot/rpc.ts";
import type { GuestConnection } from "./connection.ts";
import type { GuestCallOptions, GuestOs, GuestProcess, GuestStdioSettings, OpenedStdio } from "./guest.ts";
import { lcowSignalOptions, wcowSignalOptions } from "./signals.ts";
import { openedStreams, PreparedStdio, type ProcessStreams } from "./stdio.ts";

const SIGKILL = 9;

/** The members of ProcessParameters that a caller chooses; the pipes are filled in from the stdio. */
export interface ProcessRequest {
  readonly emulateConsole: boolean;
  readonly commandLine?: string;
  readonly commandArgs?: readonly string[];
  readonly user?: string;
  readonly workingDirectory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly consoleSize?: readonly number[];
  readonly ociProcess?: object;
}

/** ExecuteProcess, its stdio and its wait. `streams`: those of an init whose stdio went with its create. */
export async function executeProcess(
  connection: GuestConnection,
  containerId: string,
  process: ProcessRequest,
  stdio: GuestStdioSettings,
  options?: GuestCallOptions & { readonly streams?: ProcessStreams },
): Promise<GuestProcess> {
  const prepared = new PreparedStdio(connection.sockets, connection.stdioPorts, stdio);
  let pid: number;
  try {
    const relay = prepared.relaySettings;
    const settings = {
      processParameters: {
        ...process,
        createStdInPipe: relay.stdIn !== 0,
        createStdOutPipe: relay.stdOut !== 0,
        createStdErrPipe: relay.stdErr !== 0,
      },
      ...relaySettings(connection.os, relay),
    };
    const response = await connection.call(rpcs.executeProcess, { containerId, settings }, options);
    pid = response.processId;
  } catch (error) {
    prepared.abandon();
    throw error;
  }
  // At once: the guest tells of no exit before a wait was answered.
  const exit = waitForProcess(connection, containerId, pid);
  try {
    const streams = await connectStdio(connection, prepared);
    return guestProcess(connection, containerId, pid, options?.streams ?? streams, exit);
  } catch (error) {
    // Nobody will ever hold this process: it must not live on unseen.
    await signalProcess(connection, containerId, pid, SIGKILL).catch(() => undefined);
    throw error;
  }
}

/** Windows guests know no ports but the services of them. */
function relaySettings(os: GuestOs, ports: PreparedStdio["relaySettings"]) {
  if (os === "linux") return { vsockStdioRelaySettings: ports };
  const service = (port: number) => (port === 0 ? "" : vsockServiceId(port));
  const { stdIn, stdOut, stdErr } = ports;
  return { stdioRelaySettings: { stdIn: service(stdIn), stdOut: service(stdOut), stdErr: service(stdErr) } };
}

/** The streams that the guest dialled: they are there by its answer, or within a bounded wait. */
export async function connectStdio(connection: GuestConnection, prepared: PreparedStdio): Promise<ProcessStreams> {
  const { requestTimeoutMs } = connection;
  const giveUp = new AbortController();
  const timer = setTimeout(() => {
    const message = `the guest answered but did not dial its stdio ports within ${requestTimeoutMs} ms`;
    giveUp.abort(new ShimError("deadline-exceeded", message));
  }, requestTimeoutMs);
  const forget = connection.bridge().onEnd((error) => giveUp.abort(error));
  try {
    return await prepared.connect(giveUp.signal);
  } finally {
    forget();
    clearTimeout(timer);
  }
}

type ProcessEnd = Pick<ContainerWaitForProcessResponse, "exitCode" | "heldBackMs">;

/** Never an unhandled rejection: who does not look at the exit code learns of the lost bridge elsewhere. */
export function waitForProcess(
  connection: GuestConnection,
  containerId: string,
  processId: number,
  options?: GuestCallOptions,
): Promise<ProcessEnd> {
  const request = { containerId, processId, timeoutInMs: INFINITE_WAIT_TIMEOUT };
  const exit = connection.call(rpcs.waitForProcess, request, options);
  exit.catch(() => undefined);
  return exit;
}

/** False: it was not running any more. */
export async function signalProcess(
  connection: GuestConnection,
  containerId: string,
  processId: number,
  signal: number,
  options?: GuestCallOptions & { readonly all?: boolean },
): Promise<boolean> {
  const capabilities = connection.capabilities();
  const wanted = { subject: containerId, signal, all: options?.all ?? false };
  const request = { containerId, processId };
  try {
    if (connection.os === "linux") {
      const signalOptions = lcowSignalOptions(capabilities, wanted);
      await connection.call(rpcs.signalProcess, { ...request, options: signalOptions }, options);
    } else {
      const signalOptions = wcowSignalOptions(capabilities, wanted);
      await connection.call(wcowRpcs.signalProcess, { ...request, options: signalOptions }, options);
    }
    return true;
  } catch (error) {
    if (isKind(error, "not-found")) return false;
    throw error;
  }
}

/** A process that was made by another host process: nothing is sent before `connected`. */
export function openProcess(
  connection: GuestConnection,
  containerId: string,
  pid: number,
  stdio: OpenedStdio,
  connected: Promise<void>,
): GuestProcess {
  for (const port of Object.values(stdio.ports)) connection.stdioPorts.taken(port);
  const exit = connected.then(() => waitForProcess(connection, containerId, pid));
  return guestProcess(connection, containerId, pid, openedStreams(stdio), exit);
}

function guestProcess(
  connection: GuestConnection,
  containerId: string,
  pid: number,
  streams: ProcessStreams,
  exit: Promise<ProcessEnd>,
): GuestProcess {
  let heldBackMs = 0;
  const exitCode = exit.then((end) => {
    heldBackMs = end.heldBackMs;
    return end.exitCode;
  });
  exitCode.catch(() => undefined);
  return {
    pid,
    ...streams,
    exitCode,
    get heldBackMs() {
      return heldBackMs;
    },
    signal: (signal, options) => signalProcess(connection, containerId, pid, signal, options),
    async resizeConsole(columns, rows, options) {
      const request = { containerId, processId: pid, height: rows, width: columns };
      await connection.call(rpcs.resizeConsole, request, options);
    },
  };
}
