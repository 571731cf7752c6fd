import { runtime } from "#runtime";
import { ShimError, unavailable } from "../../../errors/shim-error.ts";
import { type Logger, silentLogger } from "../../../log/logger.ts";
import type { ByteStream } from "../../../sys/byte-stream.ts";
import type { CallOptions } from "../../lifetime.ts";
import { removeVmCgroups } from "../../vm-cgroup.ts";
import { GuestConsole } from "./console.ts";
import { FdMonitor } from "./fd-monitor.ts";
import { type QemuProcess, type QemuProcessOptions, startQemu } from "./process.ts";
import { VmEndedError } from "./vm-end.ts";

const MONITOR_MS = 30_000;
/** QEMU is dead: its sockets have ended, unless somebody else holds them. */
const LAST_WORDS_MS = 500;
const CONSOLE_LINES = 20;

/** A QEMU that answers: its process, its monitor, its console, and the host's end of the guest's port. */
export class QemuHost {
  readonly pid: number;
  readonly monitor: FdMonitor;
  /** Not open yet. */
  readonly port: ByteStream;
  /** How it ended, once all its last words are in. Never rejects. */
  readonly ended: Promise<VmEndedError>;
  readonly #process: QemuProcess;
  #isGone = false;

  private constructor(id: string, process: QemuProcess, console: GuestConsole, monitor: FdMonitor, port: ByteStream) {
    this.pid = process.pid;
    this.monitor = monitor;
    this.port = port;
    this.#process = process;
    let shutdown: string | undefined;
    let panicked = false;
    monitor.qmp.on("SHUTDOWN", ({ reason }) => {
      shutdown = reason;
    });
    monitor.qmp.on("GUEST_PANICKED", () => {
      panicked = true;
    });
    this.ended = process.exited.then(async (exit) => {
      this.#isGone = true;
      await lastWords(monitor.qmp.closed, console.ended);
      const errorOutput = process.errorOutput();
      const end = { exit, panicked, errorOutput, console: console.tail(CONSOLE_LINES) };
      return new VmEndedError(id, shutdown === undefined ? end : { ...end, shutdown });
    });
  }

  /** Starts QEMU and waits for its monitor. Nothing is left of it on failure. */
  static async start(options: QemuProcessOptions & { readonly log?: Logger }, call?: CallOptions): Promise<QemuHost> {
    const { id, log = silentLogger } = options;
    call?.signal?.throwIfAborted();
    const process = startQemu(options);
    const console = new GuestConsole(runtime.adopt(process.console, "socket"), (line) => log.debug(`console: ${line}`));
    const port = runtime.adopt(process.gcs, "socket");
    const limit = AbortSignal.timeout(MONITOR_MS);
    try {
      const signal = AbortSignal.any([limit, ...(call?.signal ? [call.signal] : [])]);
      const monitor = await FdMonitor.over(process.qmp, { signal });
      return new QemuHost(id, process, console, monitor, port);
    } catch (error) {
      process.kill();
      const { code } = await process.exited;
      await removeVmCgroups(options.stateDirectory);
      destroyIfUnopened(port);
      await lastWords(console.ended);
      call?.signal?.throwIfAborted();
      const said = process.errorOutput();
      if (said === "" && limit.aborted) throw unavailable(`QEMU of vm ${id} did not answer in ${MONITOR_MS / 1000} s`);
      throw new ShimError("unavailable", `QEMU of vm ${id} did not start (code ${code}): ${said}`, { cause: error });
    }
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  kill(): void {
    this.#process.kill();
  }
}

/** Nobody has opened it, so nobody will close it. */
export function destroyIfUnopened(stream: ByteStream): void {
  try {
    stream.open({ data: () => undefined, end: () => undefined, drain: () => undefined, close: () => undefined });
  } catch {
    // It has its user.
    return;
  }
  stream.destroy();
}

async function lastWords(...streams: readonly Promise<unknown>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, LAST_WORDS_MS);
  });
  await Promise.race([Promise.all(streams), late]);
  clearTimeout(timer);
}
