import { isKind } from "../../errors/shim-error.ts";
import type { ContainerController } from "../container/controller.ts";
import { bounded, within } from "../deadline.ts";

const SIGKILL = 9;

/** What a kill asks of the pod. */
export interface KillPorts {
  readonly vm: {
    /** It stands still. */
    readonly paused: boolean;
    /** Undefined while no VM runs. */
    readonly guest: { dumpStacks(options: { readonly signal: AbortSignal }): Promise<unknown> } | undefined;
    terminate(): Promise<void>;
  };
  /** Does the work with the VM awake. */
  awake<T>(work: () => Promise<T>): Promise<T>;
  warn(message: string, cause: unknown): void;
}

/** Bounds in ms. */
export interface KillLimits {
  /** A guest that has not done a SIGKILL in this time has as much again for a sign of life. */
  readonly kill: number;
  /** An exit, once its process is killed. */
  readonly settle: number;
}

type Killed = Pick<ContainerController, "id" | "state" | "kill" | "wait">;

/** Signals a container's processes by its guest. A SIGKILL that the guest does not do ends the VM, so it always kills. */
export class ContainerKill {
  readonly #ports: KillPorts;
  readonly #limits: KillLimits;

  constructor(ports: KillPorts, limits: KillLimits) {
    this.#ports = ports;
    this.#limits = limits;
  }

  async kill(container: Killed, execId: string, signal: number, all: boolean): Promise<void> {
    if (signal === SIGKILL && container.state === "paused") this.#awakeUntilExit(container, execId);
    const { awake, vm, warn } = this.#ports;
    const work = awake(() => container.kill(execId, signal, all));
    if (signal !== SIGKILL) return await work;
    try {
      await this.#unlessSilent(work, container.id);
    } catch (cause) {
      if (!(isKind(cause, "deadline-exceeded") || vm.paused)) throw cause;
      // A guest that does not even kill is dead to all its containers; so is one that cannot be woken for it.
      warn(`container ${container.id}: its guest does not answer, so its vm is terminated`, cause);
      await vm.terminate();
    }
  }

  /**
   * deadline-exceeded for a guest that is wedged. One that is only slow to kill (a busy host, much memory to be freed) has
   * the work's own time: it may run other containers.
   */
  async #unlessSilent(work: Promise<void>, id: string): Promise<void> {
    const { kill } = this.#limits;
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => {});
    try {
      await within(done, kill, `kill of container ${id}`);
    } catch (cause) {
      const { guest } = this.#ports.vm;
      if (isDone || guest === undefined) throw cause;
      const life = bounded(kill, "sign of life of the guest", (call) => guest.dumpStacks(call));
      await Promise.race([done, life]).catch((error: unknown) => {
        // A guest that can't be asked has the work's own time.
        if (!isKind(error, "unimplemented")) throw error;
      });
      await done;
    }
  }

  /** Were the VM to rest again as soon as the signal is delivered, the exit would never come out of it. */
  #awakeUntilExit(container: Killed, execId: string): void {
    const { settle } = this.#limits;
    const exit = () => within(container.wait(execId, {}), settle, `exit of container ${container.id}`);
    // Whoever waits for the exit is told by another way.
    this.#ports.awake(exit).catch(() => {});
  }
}
