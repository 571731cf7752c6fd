import { existsSync } from "node:fs";
import { join } from "node:path";
import { removeSocketLink } from "#os/src/shim/address.ts";
import { writeDeleted } from "#os/src/shim/launch.ts";
import { type DaemonSink, daemonSink } from "#os/src/shim/log-sink.ts";
import { type Claim, claimSocket } from "#os/src/shim/socket.ts";
import { mountsUnder } from "#os/src/sys/mountinfo.ts";
import { startTime } from "#os/src/sys/process.ts";
import { ShimError } from "../errors/shim-error.ts";
import { failpoint } from "../failpoint/failpoint.ts";
import { createLogger, type Logger } from "../log/logger.ts";
import type { EventSink } from "../orchestration/events.ts";
import type { ReportLine } from "../orchestration/report.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import type { Runtime } from "../sys/runtime.ts";
import { isRecording, recordUntilNow } from "../tracing/span.ts";
import { recordIntoFile } from "../tracing/span-file.ts";
import { nothingDeleted } from "./deleted.ts";
import { checkIdentifier, type Flags } from "./flags.ts";
import { IdleWatch } from "./idle-watch.ts";
import { MemoryTrim } from "./memory-trim.ts";
import { type Forwarder, Publisher } from "./publisher.ts";
import { type BundleRecord, removeStateDirectory, writeDaemonRecord } from "./records.ts";
import type { SpareKeeper } from "./spare/keeper.ts";

const FLUSH_MS = 2000;
const STOP_MS = 2500;
const STACKS_MS = 2000;
const IDLE_MS = 60_000;
const ROLLBACK_MS = 60_000;
const ROLLBACK_LOOK_MS = 100;

/** What the daemon serves, made by `cmd/`. */
export interface Service {
  accept(stream: ByteStream): void;
  /** True while anything is held: a container, a sandbox. */
  busy(): boolean;
  /** Open connections. */
  readonly connections: number;
  /** Calls that are to end by themselves: none that waits for a process or follows a stream. */
  readonly callsUnderWay: number;
  /** What is held and in which state, for the log. */
  report(): readonly ReportLine[];
  /** What the guest tells of its processes, if there is one that can. */
  guestStacks(options: { signal: AbortSignal }): Promise<string | undefined>;
  /** Ends what runs. Called once, on SIGTERM. */
  stop(options: { signal: AbortSignal }): Promise<void>;
  /** Lets calls under way answer, then closes the connections. */
  drain(options: { signal: AbortSignal }): Promise<void>;
}

export interface DaemonContext {
  readonly namespace: string;
  readonly record: BundleRecord;
  readonly events: EventSink;
  readonly log: Logger;
  /**
   * Task.Shutdown: with nothing held, resolves when the pod's name is free again (so a `delete` that follows finds
   * nothing), and the daemon leaves once the call is answered. Otherwise nothing happens.
   */
  shutdown(): Promise<void>;
  /**
   * A create was left by its client. A containerd that died in it knows nothing of it when it is back, and 1.6 keeps such
   * a shim, and so its name, for ever (reference: containerd-shim, 1.15): with nothing held once it is taken back, the
   * daemon leaves.
   */
  abandoned(): void;
  /** True once the daemon leaves: no more creates. */
  leaving(): boolean;
  /** The daemon's own state, then what its service reports. */
  report(): readonly ReportLine[];
}

export interface DaemonOptions {
  readonly runtime: Runtime;
  readonly flags: Flags;
  readonly bundle: string;
  readonly record: BundleRecord;
  readonly forwarder: Forwarder | undefined;
  /** Gives memory back; called when nothing has happened to a container for some seconds. */
  readonly trim: () => void;
  /** Has other daemons wait for their pods. */
  readonly spares?: Pick<SpareKeeper, "after" | "keep"> | undefined;
  readonly build: (context: DaemonContext) => Service;
}

/** A daemon that serves. It ends the process by itself. */
export interface RunningDaemon {
  /** Gives up the pod's name at once and ends the process. Idempotent. */
  leave(reason: string): Promise<void>;
  /** Takes back that it serves; ending the process is the caller's. */
  withdraw(): Promise<void>;
}

/**
 * Makes this process the daemon of one pod (reference: containerd-shim, 8.2). Returns once it serves, or undefined where
 * another daemon already does. On failure nothing stays behind.
 */
export async function runDaemon(options: DaemonOptions): Promise<RunningDaemon | undefined> {
  const daemon = new Daemon(options);
  return (await daemon.serve()) ? daemon : undefined;
}

class Daemon implements RunningDaemon {
  readonly #options: DaemonOptions;
  readonly #record: BundleRecord;
  readonly #sink: DaemonSink;
  readonly #log: Logger;
  readonly #publisher: Publisher;
  #service: Service | undefined;
  #claim: Claim | undefined;
  #leaving: Promise<boolean> | undefined;
  #hasLeft = false;
  /** The pod's end is nobody's wish that no more be run. */
  #hasSuccessors = false;
  #hardExit: ReturnType<typeof setTimeout> | undefined;

  constructor(options: DaemonOptions) {
    const { flags, bundle, record, forwarder } = options;
    const namespace = checkIdentifier("namespace", flags.namespace);
    const id = checkIdentifier("id", flags.id);
    const { settings } = record;
    // On Linux `start` was in this process, and began.
    if (settings.traceDirectory !== undefined && !isRecording())
      recordIntoFile(settings.traceDirectory, { namespace, pod: record.podId });
    this.#options = options;
    this.#record = record;
    this.#sink = daemonSink({ bundle, namespace, id });
    this.#log = createLogger({
      level: settings.logLevel ?? (flags.debug ? "debug" : "info"),
      sink: this.#sink,
      fields: { id, namespace, pod: record.podId },
    });
    this.#publisher = new Publisher({ namespace, forwarder, log: this.#log });
  }

  async serve(): Promise<boolean> {
    const { runtime, build, flags, spares } = this.#options;
    const events = spares?.after(this.#publisher) ?? this.#publisher;
    const service = build({
      namespace: flags.namespace,
      record: this.#record,
      events: new MemoryTrim({
        trim: this.#options.trim,
        collect: () => void runtime.heapInUse(),
        isAtWork: () => (this.#service?.callsUnderWay ?? 0) > 0,
      }).after(events),
      log: this.#log,
      shutdown: () => this.#shutdown(),
      abandoned: () => this.#leaveWhenFree("a create was left by its client, and nothing is held"),
      leaving: () => this.#leaving !== undefined,
      report: () => this.#report(),
    });
    this.#service = service;
    if (globalThis.UVM_SHIM_FAILPOINTS) await failpoint("daemon.bind");
    this.#claim = await claimSocket({
      runtime,
      path: this.#record.socketPath,
      onConnection: (stream) => service.accept(stream),
      onBound: () => {
        try {
          this.#writeRecord();
        } catch (error) {
          removeStateDirectory(this.#record.stateDirectory);
          throw error;
        }
      },
    });
    if (this.#claim === undefined) return false;
    try {
      if (globalThis.UVM_SHIM_FAILPOINTS) await failpoint("daemon.bound");
    } catch (error) {
      await this.withdraw();
      throw error;
    }
    this.#handleSignals();
    this.#watchIdle();
    recordUntilNow("daemon", "boot of the daemon");
    this.#log.info("the shim's daemon serves", { pid: process.pid, stack: this.#record.settings.stack });
    return true;
  }

  /** Before anything that would have to be cleaned up is started. */
  #writeRecord(): void {
    const { settings, stateDirectory, socketPath } = this.#record;
    writeDaemonRecord(stateDirectory, {
      pid: process.pid,
      startTime: startTime(process.pid) ?? 0n,
      stack: settings.stack,
      socketPath,
      bundle: this.#options.bundle,
      ...(settings.stack === "local" && { runcBinary: settings.runc.binary, runcRoot: join(stateDirectory, "runc") }),
    });
  }

  async #shutdown(): Promise<void> {
    if (this.#service?.busy() === true) return;
    this.#hasSuccessors = true;
    await this.leave("Shutdown with nothing held");
  }

  #leaveWhenFree(reason: string): void {
    const until = performance.now() + ROLLBACK_MS;
    const timer = setInterval(() => {
      const busy = this.#service?.busy() === true;
      // Held for good: by another container.
      if (busy && performance.now() < until) return;
      clearInterval(timer);
      if (!busy) void this.leave(reason);
    }, ROLLBACK_LOOK_MS);
    timer.unref();
  }

  async withdraw(): Promise<void> {
    this.#leaving ??= this.#giveUpName();
    await this.#leaving;
  }

  async leave(reason: string): Promise<void> {
    this.#leaving ??= this.#giveUpName();
    try {
      if (await this.#leaving) this.#leaveNothingToDelete();
    } catch (error) {
      this.#log.error("the socket or the state could not be removed", { error });
    }
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#log.info("the shim's daemon ends", { reason });
    // Not awaited: the call that asked for it has to be answered first. Handles its own errors.
    void this.#end(0);
  }

  /** True where nothing of the pod is left. */
  async #giveUpName(): Promise<boolean> {
    let empty = false;
    // Loaded late: nothing of it is needed to serve.
    const { containersIn, removeVm } = await import("#os/src/shim/remains.ts");
    await this.#claim?.release(async () => {
      // What still runs needs the record: it is how `delete` finds it. So do containers that runc did not delete in its
      // time. A VM whose end failed has no owner after us.
      if (this.#service?.busy() !== true && containersIn(join(this.#record.stateDirectory, "runc")).length === 0) {
        await removeVm(this.#record.stateDirectory);
        empty = true;
      }
      removeSocketLink(this.#options.bundle);
    });
    return empty;
  }

  /** `delete`, which is to come, finds its answer, unless it has something to do. */
  #leaveNothingToDelete(): void {
    const { bundle } = this.#options;
    // Gone already where the pod's last container was not its first.
    if (!existsSync(bundle) || mountsUnder(bundle).length > 0) return;
    writeDeleted(bundle, nothingDeleted());
  }

  async #end(code: number): Promise<void> {
    this.#exitLatest(code);
    try {
      await Promise.all([
        this.#service?.drain({ signal: AbortSignal.timeout(FLUSH_MS) }),
        this.#publisher.close(FLUSH_MS),
      ]);
    } catch (error) {
      this.#log.error("the daemon did not end in order", { error });
    }
    if (this.#hasSuccessors) this.#options.spares?.keep();
    await this.#sink.close();
    process.exit(code);
  }

  /** Whatever hangs below: a daemon that was told to leave is gone in five seconds. */
  #exitLatest(code: number): void {
    this.#hardExit ??= setTimeout(() => process.exit(code), FLUSH_MS + STOP_MS);
  }

  #handleSignals(): void {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void this.#terminate(signal));
    process.on("SIGUSR1", () => void this.#logReport());
    process.on("SIGPIPE", () => undefined);
    for (const event of ["uncaughtException", "unhandledRejection"] as const) {
      process.on(event, (error: unknown) => this.#crash(event, error));
    }
  }

  /** On SIGUSR1, where a Go shim dumps its stacks (reference: containerd-shim, 1.11): ours would not show what waits. */
  async #logReport(): Promise<void> {
    try {
      for (const { what, fields } of this.#report()) this.#log.info(`report: ${what}`, fields);
      const stacks = await this.#service?.guestStacks({ signal: AbortSignal.timeout(STACKS_MS) });
      for (const line of stacks?.split("\n") ?? []) if (line !== "") this.#log.info("report: guest", { line });
    } catch (error) {
      this.#log.warn("report: the guest does not tell its stacks", { error });
    }
  }

  #report(): ReportLine[] {
    const service = this.#service;
    const fields = {
      ...{ pid: process.pid, busy: service?.busy(), connections: service?.connections },
      ...{ leaving: this.#leaving !== undefined, queuedEvents: this.#publisher.queued },
      ...{ heapBytes: this.#options.runtime.heapInUse(), residentBytes: process.memoryUsage.rss() },
    };
    return [{ what: "daemon", fields }, ...(service?.report() ?? [])];
  }

  async #terminate(signal: string): Promise<void> {
    if (this.#leaving !== undefined || this.#hardExit !== undefined) return;
    this.#exitLatest(1);
    this.#log.warn("the daemon was told to end", { signal, busy: this.#service?.busy() });
    try {
      await this.#service?.stop({ signal: AbortSignal.timeout(STOP_MS) });
    } catch (error) {
      this.#log.error("what runs in the pod could not be ended", { error });
    }
    await this.leave(signal);
  }

  /** The state stays on disk: `delete` has to end what we no longer can. */
  #crash(event: string, thrown: unknown): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    const error = thrown instanceof Error ? thrown : ShimError.from(thrown, "internal");
    this.#log.error(`${event}: the daemon ends`, { error, stack: error.stack });
    void this.#end(1);
  }

  #watchIdle(): void {
    const watch = new IdleWatch();
    const timer = setInterval(() => {
      const { connections = 0 } = this.#service ?? {};
      const busy = this.#service?.busy() === true;
      if (!watch.isOrphan({ connections, busy, bundleExists: existsSync(this.#options.bundle) })) return;
      clearInterval(timer);
      void this.leave("idle: nothing held and nobody connected");
    }, IDLE_MS / 2);
    timer.unref();
  }
}
