import { runtime } from "#runtime";
import { isKind, ShimError, unavailable } from "../../../errors/shim-error.ts";
import { within } from "../../../errors/within.ts";
import { type Logger, silentLogger } from "../../../log/logger.ts";
import type { ByteStream } from "../../../sys/byte-stream.ts";
import { GuestConsole } from "../../guest-console.ts";
import type { CallOptions } from "../../lifetime.ts";
import { oomKillsSince } from "../../oom-kills.ts";
import { removeVmCgroups } from "../../vm-cgroup.ts";
import { FdMonitor } from "./fd-monitor.ts";
import { type QemuProcess, type QemuProcessOptions, startQemu } from "./process.ts";
import { VmEndedError } from "./vm-end.ts";

const MONITOR_MS = 30_000;
const LAST_WORDS_MS = 5_000;
/** For a kernel that panicked to have its last words and reset itself; one that does neither is killed. */
const PANIC_MS = 10_000;
const CONSOLE_LINES = 20;
const SIGKILL = 9;

/** A QEMU that answers: its process, its monitor, its console, and the host's end of the guest's port. */
export class QemuHost {
  readonly pid: number;
  readonly monitor: FdMonitor;
  readonly console: GuestConsole;
  /** Not open yet. Undefined with vsock. */
  readonly port: ByteStream | undefined;
  /** How it ended, once all its last words are in. Never rejects. */
  readonly ended: Promise<VmEndedError>;
  readonly #process: QemuProcess;
  #isGone = false;
  #outOfMemory = false;

  private constructor(
    id: string,
    process: QemuProcess,
    console: GuestConsole,
    monitor: FdMonitor,
    port: ByteStream | undefined,
  ) {
    this.pid = process.pid;
    this.monitor = monitor;
    this.console = console;
    this.port = port;
    this.#process = process;
    let shutdown: string | undefined;
    let panicked = false;
    let lingering: NodeJS.Timeout | undefined;
    monitor.qmp.on("SHUTDOWN", ({ reason }) => {
      shutdown = reason;
    });
    monitor.qmp.on("GUEST_PANICKED", () => {
      panicked = true;
      lingering ??= setTimeout(() => process.kill(), PANIC_MS);
    });
    const killed = oomKillsSince(process.pid);
    let violation: string | undefined;
    // Nobody can drive such a VM any more, and a guest may have taken it over.
    void monitor.qmp.closed.then((reason) => {
      if (!isKind(reason, "data-loss") || this.#isGone) return;
      violation = reason.message;
      process.kill();
    });
    this.ended = process.exited.then(async (exit) => {
      this.#isGone = true;
      clearTimeout(lingering);
      this.#outOfMemory = exit.signal === SIGKILL && killed();
      await lastWords(process, console, monitor.qmp.closed);
      const errorOutput = process.errors.text;
      const end = { exit, panicked, errorOutput, console: console.tail(CONSOLE_LINES) };
      const told = { ...(shutdown !== undefined && { shutdown }), ...(violation !== undefined && { violation }) };
      return new VmEndedError(id, { ...end, ...told });
    });
  }

  /** Starts QEMU and waits for its monitor. Nothing is left of it on failure. */
  static async start(options: QemuProcessOptions & { readonly log?: Logger }, call?: CallOptions): Promise<QemuHost> {
    const { log = silentLogger } = options;
    const { id } = options.uvm;
    call?.signal?.throwIfAborted();
    try {
      return await QemuHost.#start(options, id, log, call);
    } catch (error) {
      await removeVmCgroups(options.uvm.stateDirectory).catch((leak) =>
        log.error(`the cgroups of vm ${id} are left behind`, { error: leak }),
      );
      throw error;
    }
  }

  static async #start(
    options: QemuProcessOptions,
    id: string,
    log: Logger,
    call: CallOptions | undefined,
  ): Promise<QemuHost> {
    const process = startQemu(options);
    const console = new GuestConsole(runtime.adopt(process.console, "socket"), (line) => log.debug(`console: ${line}`));
    const port = process.gcs === undefined ? undefined : runtime.adopt(process.gcs, "socket");
    const limit = AbortSignal.timeout(MONITOR_MS);
    try {
      const signal = AbortSignal.any([limit, ...(call?.signal ? [call.signal] : [])]);
      const monitor = await FdMonitor.over(process.qmp, { signal });
      return new QemuHost(id, process, console, monitor, port);
    } catch (error) {
      process.kill();
      const { code } = await process.exited;
      port?.destroy();
      await lastWords(process, console);
      call?.signal?.throwIfAborted();
      const why =
        process.errors.text || (limit.aborted ? `no answer in ${MONITOR_MS / 1000} s` : ShimError.from(error).message);
      throw unavailable(`QEMU of vm ${id} did not start (code ${code}): ${why}`, error);
    }
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** Killed, and this host's OOM killer has been at work where it stood. */
  get outOfMemory(): boolean {
    return this.#outOfMemory;
  }

  kill(): void {
    this.#process.kill();
  }
}

/** It is dead: what it said comes to an end, unless somebody else holds the other end. */
async function lastWords(
  { errors }: QemuProcess,
  console: GuestConsole,
  ...others: readonly Promise<unknown>[]
): Promise<void> {
  await within(LAST_WORDS_MS, Promise.all([errors.ended, console.ended, ...others]));
  errors.close();
  console.close();
}
