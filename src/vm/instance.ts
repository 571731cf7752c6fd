import { failedPrecondition, ShimError, unavailable } from "../errors/shim-error.ts";
import { unlessAborted } from "../errors/unless-aborted.ts";
import { silentLogger } from "../log/logger.ts";
import { deadline, deferred } from "../orchestration/deadline.ts";
import { Machine as StateMachine } from "../orchestration/state-table.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import type { Client } from "../ttrpc/client.ts";
import type { CallOptions } from "../vmmanager/lifetime.ts";
import { boot, type RunningVm } from "./boot.ts";
import { Configuration, checkInitArgs } from "./configuration.ts";
import type { ManagerOptions } from "./manager-options.ts";
import type { MountConfig, NetworkMode, NetworkOpts, StartOpts, StreamOpts } from "./options.ts";
import { type InstanceState, instanceStates } from "./state.ts";
import type { StateDirectory } from "./state-directory.ts";
import { StreamOpener } from "./stream-opener.ts";
import { unmountAll } from "./unmount-all.ts";

const STREAM_MS = 60_000;

/**
 * One VM (nerdbox's `vm.Instance`). Its methods may be called at any moment and by any number of callers; what its state
 * does not permit is refused with failed-precondition. It is configured, then started once, then shut down; every
 * instance is to be shut down, also one that failed or never started.
 */
export class Instance {
  readonly #directory: StateDirectory;
  readonly #host: ManagerOptions;
  readonly #configuration = new Configuration();
  readonly #state: StateMachine<typeof instanceStates, InstanceState>;
  readonly #streams = new StreamOpener();
  /** Settled when it is known whether there is a running VM: for streams that were asked for before. */
  readonly #running = deferred<RunningVm>();
  /** Ends a boot under way. */
  readonly #abandon = new AbortController();
  #booting: Promise<unknown> | undefined;
  #shutdown: Promise<void> | undefined;

  /** Only a Manager makes them. */
  constructor(directory: StateDirectory, host: ManagerOptions) {
    this.#directory = directory;
    this.#host = host;
    this.#state = new StateMachine<typeof instanceStates, InstanceState>(instanceStates, directory.path, {
      name: "configuring",
    });
  }

  /** `processors` 1 to 255, `memory` in MiB from 128. Default: 1 and 512. Throws invalid-argument. */
  setCPUAndMemory(processors: number, memory: number): void {
    this.#state.guard("configure");
    this.#configuration.setCPUAndMemory(processors, memory);
  }

  /**
   * A directory of this host, which the guest mounts as virtio-fs by the tag (1 to 36 characters of ASCII). Throws
   * invalid-argument, already-exists for a taken tag, resource-exhausted for a device too many.
   */
  addFS(tag: string, mountPath: string, options?: MountConfig): void {
    this.#state.guard("configure");
    this.#configuration.addFS(tag, mountPath, options);
  }

  /**
   * A file or a block device of this host as a disk. The guest has them in the order of these calls, from /dev/vdb on, and
   * with `blockId` (1 to 20 characters of ASCII) as serial number. Throws as `addFS`.
   */
  addDisk(blockId: string, mountPath: string, options?: MountConfig): void {
    this.#state.guard("configure");
    this.#configuration.addDisk(blockId, mountPath, options);
  }

  /**
   * An adapter whose frames go over the unix socket at `endpoint`, on which somebody listens by the time of the start.
   * `mac`: six bytes in hexadecimal, with colons. Throws as `addFS`; unimplemented for features and flags that can't be had.
   */
  addNIC(endpoint: string, mac: string, mode: NetworkMode, options?: NetworkOpts): void {
    this.#state.guard("configure");
    this.#configuration.addNIC(endpoint, mac, mode, options);
  }

  /**
   * Boots the VM and waits until the agent in its guest has connected. Rejects with what it could not be given (not-found,
   * invalid-argument, failed-precondition...), unavailable where the VM ended, deadline-exceeded where the guest did not
   * connect in time (both tell the console's last lines), canceled after a shutdown, the signal's reason. Nothing of the VM
   * is left then, and the instance can only be shut down.
   */
  async start(options: StartOpts = {}): Promise<void> {
    const { signal } = options;
    this.#state.guard("start");
    checkInitArgs(options.initArgs ?? []);
    signal?.throwIfAborted();
    this.#state.begin("start", { name: "starting" });
    const either = signal === undefined ? this.#abandon.signal : AbortSignal.any([signal, this.#abandon.signal]);
    const booting = this.#boot(options, either);
    this.#booting = booting.catch(() => undefined);
    await booting;
  }

  /**
   * The client of the guest's agent: services as in docs/guest-agent.md. One for all callers, who do not close it. Throws
   * failed-precondition unless the VM runs.
   */
  client(): Client {
    const { state } = this.#state;
    if (state.name === "running") return state.vm.client;
    throw this.#refusal("have a client");
  }

  /**
   * A stream of bytes into the guest, which claims it there by the id (1 to 1024 bytes). Before the VM runs, and until its
   * guest takes the stream, this waits. Rejects with unavailable where that takes too long or the VM ends, already-exists
   * for an id that is being opened, failed-precondition where the guest refuses the id, and after a failed start or a
   * shutdown.
   */
  async startStream(streamId: string, { signal }: StreamOpts = {}): Promise<ByteStream> {
    if (!this.#state.allows("stream")) throw this.#refusal("open a stream");
    const limit = deadline(this.#host.streamTimeout ?? STREAM_MS, `stream ${streamId}`, signal);
    try {
      return await this.#streams.open(streamId, this.#running.promise, limit.signal);
    } catch (error) {
      if (signal?.aborted === true || !limit.signal.aborted) throw error;
      throw unavailable(`instance ${this.#directory.path} has no guest that takes stream ${streamId}: start it`, error);
    } finally {
      limit.done();
    }
  }

  /**
   * Has the guest unmount all, ends the VM, its client and streams, and gives back all of this host's. For any number of
   * callers, who share one; after it nothing is possible with the instance.
   */
  async shutdown(options?: CallOptions): Promise<void> {
    options?.signal?.throwIfAborted();
    this.#shutdown ??= this.#release().catch((error) => {
      // Another call may have more luck.
      this.#shutdown = undefined;
      throw error;
    });
    await unlessAborted(this.#shutdown, options?.signal);
  }

  async #boot(start: StartOpts, signal: AbortSignal): Promise<void> {
    const { log = silentLogger } = this.#host;
    try {
      const parts = { directory: this.#directory, host: this.#host, configuration: this.#configuration };
      const vm = await boot({ ...parts, start, signal });
      if (!this.#state.transition("started", { name: "running", vm })) {
        // It came up while a shutdown began, which waits for this.
        vm.client.close();
        await vm.machine.close();
        throw abandoned(this.#directory.path);
      }
      this.#running.resolve(vm);
      void vm.machine.ended.then((cause) => void this.#state.transition("ended", { name: "ended", vm, cause }));
    } catch (thrown) {
      const cause = ShimError.from(thrown, "internal");
      this.#running.reject(cause);
      await this.#directory.clear().catch((error) => log.error("a failed start has left something", { error }));
      this.#state.transition("startFailed", { name: "failed", cause });
      throw cause;
    }
  }

  async #release(): Promise<void> {
    const { state } = this.#state;
    const vm = "vm" in state ? state.vm : undefined;
    this.#state.begin("shutdown", { name: "shutting-down", vm });
    this.#abandon.abort(abandoned(this.#directory.path));
    this.#running.reject(abandoned(this.#directory.path));
    await this.#booting;
    if (vm !== undefined) {
      if (state.name === "running") await unmountAll(vm, this.#host.log ?? silentLogger);
      vm.client.close();
      await vm.machine.close();
    }
    await this.#directory.clear();
    this.#directory.release();
    this.#state.transition("released", { name: "shut-down" });
  }

  #refusal(verb: string): Error {
    const { state } = this.#state;
    const refusal = this.#state.refusal(verb);
    if (state.name !== "ended" && state.name !== "failed") return refusal;
    return failedPrecondition(`${refusal.message} (${state.cause.message})`, state.cause);
  }
}

const abandoned = (id: string): ShimError => new ShimError("canceled", `instance ${id} is shut down; cannot go on`);
