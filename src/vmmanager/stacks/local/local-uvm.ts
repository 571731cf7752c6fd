import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { failedPrecondition, isKind, ShimError } from "../../../errors/shim-error.ts";
import { unlessAborted } from "../../../errors/unless-aborted.ts";
import type { Gcs } from "../../../gcs/gcs.ts";
import type { HostSockets } from "../../../transport/sockets.ts";
import type { CallOptions, VMExit } from "../../lifetime.ts";
import type { UvmProperties, UvmStatistics } from "../../properties.ts";
import { notSupported, type Operation, type Resource } from "../../support.ts";
import { UnsupportedDevices } from "../../unsupported.ts";
import type { UtilityVM, UvmOptions } from "../../uvm.ts";

const LIFETIME: readonly Operation[] = ["create", "start", "terminate"];

/** "VM" of the `local` stack: the guest compute service in this very process, its containers on this host. */
export class LocalUvm extends UnsupportedDevices implements UtilityVM {
  readonly id: string;
  readonly stack = "local";
  readonly os = "linux";
  readonly restored = [];
  readonly sockets: HostSockets;
  readonly #gcs: Gcs;
  readonly #stateDirectory: string;
  readonly #stop = new AbortController();
  readonly #exited: Promise<VMExit>;
  #exit: (exit: VMExit) => void = () => {};
  #state: "created" | "running" | "ended" = "created";
  #terminating: Promise<void> | undefined;
  /** Later than its end: a guest that is shut down turns itself off while its containers are still to be given back. */
  #terminated = false;

  constructor(options: UvmOptions, sockets: HostSockets, gcs: Gcs) {
    super();
    this.id = options.id;
    this.sockets = sockets;
    this.#gcs = gcs;
    this.#stateDirectory = options.stateDirectory;
    this.#exited = new Promise((resolve) => {
      this.#exit = resolve;
    });
  }

  supported(resource: Resource, operation: Operation): boolean {
    return resource === "lifetime" && LIFETIME.includes(operation);
  }

  hostPid(guestPid: number): number {
    return guestPid;
  }

  guestPath(hostPath: string): string {
    return hostPath;
  }

  async start(options?: CallOptions): Promise<void> {
    options?.signal?.throwIfAborted();
    if (this.#state !== "created") throw failedPrecondition(`vm ${this.id} is ${this.#state}; cannot start it`);
    this.#state = "running";
    void this.#gcs.run({ signal: this.#stop.signal }).then(
      () => this.#end(),
      (cause) => this.#end(ShimError.from(cause, "internal")),
    );
  }

  async pause(): Promise<void> {
    throw notSupported(this.stack, "lifetime", "pause");
  }

  async resume(): Promise<void> {
    throw notSupported(this.stack, "lifetime", "resume");
  }

  async save(): Promise<void> {
    throw notSupported(this.stack, "lifetime", "save");
  }

  async statistics(): Promise<UvmStatistics> {
    throw notSupported(this.stack, "statistics", "read");
  }

  async properties(): Promise<UvmProperties> {
    return { state: this.#state, details: {} };
  }

  /** Nothing that ran in it outlives it: every container is killed and what it held on this host is given back. */
  async terminate(): Promise<void> {
    if (this.#terminated) return;
    this.#terminating ??= this.#terminate().finally(() => {
      this.#terminating = undefined;
    });
    await this.#terminating;
  }

  wait(options?: CallOptions): Promise<VMExit> {
    return unlessAborted(this.#exited, options?.signal);
  }

  async close(): Promise<void> {
    await this.terminate();
  }

  async #terminate(): Promise<void> {
    if (this.#state === "created") this.#end();
    if (this.#state === "running") await this.#gcs.host.shutdownGuest("forced");
    // A container whose create hangs could not be deleted.
    await this.#gcs.killCommands();
    const failures: unknown[] = [];
    for (const id of await this.#containers()) {
      try {
        await this.#gcs.host.deleteContainerState(id);
      } catch (cause) {
        // On past it: what the others hold must not wait for this one.
        if (!isKind(cause, "not-found")) failures.push(cause);
      }
    }
    if (failures.length > 0) {
      await this.#gcs.killCommands();
      throw failures[0];
    }
    await this.#gcs.endCommands();
    this.#stop.abort();
    await this.#exited;
    this.#terminated = true;
  }

  /** The guest keeps a directory for each. */
  async #containers(): Promise<string[]> {
    return readdir(join(this.#stateDirectory, "containers")).catch(() => []);
  }

  #end(error?: Error): void {
    this.#state = "ended";
    this.#exit({ exitedAt: new Date(), ...(error && { error }) });
  }
}
