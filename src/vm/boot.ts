import { ShimError } from "../errors/shim-error.ts";
import { within } from "../errors/within.ts";
import { silentLogger } from "../log/logger.ts";
import { deadline } from "../orchestration/deadline.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import { AGENT_KERNEL_ARGUMENT, AGENT_PORT, AGENT_STREAM_PORT } from "../transport/agent/ports.ts";
import type { GuestListener } from "../transport/sockets.ts";
import { Client } from "../ttrpc/client.ts";
import type { CallOptions } from "../vmmanager/lifetime.ts";
import type { Configuration } from "./configuration.ts";
import { consoleCopy } from "./console-copy.ts";
import { Machine } from "./machine/machine.ts";
import type { ManagerOptions } from "./manager-options.ts";
import type { StartOpts } from "./options.ts";
import type { StateDirectory } from "./state-directory.ts";

const BOOT_MS = 60_000;
const CONSOLE_LINES = 20;
const ENDED_MS = 1_000;

/** A VM whose guest's agent has connected. */
export interface RunningVm {
  readonly machine: Machine;
  readonly client: Client;
  /** Connections that the guest keeps ready for streams. */
  readonly streams: GuestListener;
}

export interface BootOptions {
  readonly directory: StateDirectory;
  readonly host: ManagerOptions;
  readonly configuration: Configuration;
  readonly start: StartOpts;
  /** Ends it at any moment. */
  readonly signal: AbortSignal;
}

/**
 * Starts the VM and waits for its agent. Rejects with unavailable (it ended before, and how), deadline-exceeded (its guest
 * did not connect in time) with the last lines of its console, the signal's reason, or what it could not be given.
 * Nothing of it is left then.
 */
export async function boot({ directory, host, configuration, start, signal }: BootOptions): Promise<RunningVm> {
  const { log = silentLogger, bootTimeout = BOOT_MS } = host;
  const { initArgs = [], consoleWriter } = start;
  const limit = deadline(bootTimeout, `the boot of vm ${directory.path}`, signal);
  let machine: Machine | undefined;
  try {
    directory.prepare();
    const options = {
      ...{ id: directory.path, directory: directory.own, host, configuration },
      kernelArguments: [AGENT_KERNEL_ARGUMENT, ...(initArgs.length > 0 ? ["--", ...initArgs] : [])],
      ...(consoleWriter && { onConsole: consoleCopy(consoleWriter, log) }),
    };
    machine = await Machine.start(options, limit);
    const agent = machine.sockets.listen(AGENT_PORT);
    const streams = machine.sockets.listen(AGENT_STREAM_PORT);
    await machine.run(limit);
    const client = new Client(await connected(agent, machine, limit));
    // One agent: a guest that dials again gets no answer.
    agent.close();
    return { machine, client, streams };
  } catch (thrown) {
    const console = machine?.consoleTail(CONSOLE_LINES) ?? [];
    await machine?.close();
    signal.throwIfAborted();
    if (limit.signal.aborted) throw lateError(directory.path, bootTimeout, console);
    throw ShimError.from(thrown, "internal");
  } finally {
    limit.done();
  }
}

/** The agent's connection. Where the channel has ended the VM says why, unless its guest broke the channel's rules. */
async function connected(agent: GuestListener, machine: Machine, call: Required<CallOptions>): Promise<ByteStream> {
  try {
    return await agent.accept(call);
  } catch (error) {
    if (call.signal.aborted) throw error;
    throw (await within(ENDED_MS, machine.ended)) ?? error;
  }
}

function lateError(id: string, ms: number, console: readonly string[]): ShimError {
  const words = console.length === 0 ? "nothing was on its console" : `last on its console: ${console.join(" | ")}`;
  return new ShimError("deadline-exceeded", `the guest of vm ${id} did not connect in ${ms / 1000} s; ${words}`);
}
