import type { ContainerExit } from "../host.ts";

export type ContainerEvent = ContainerExit | { readonly containerId: string; readonly type: "OutOfMemory" };

interface Watched {
  initPid: number;
  initWaitAnswered: boolean;
  exit: ContainerExit | undefined;
  told: boolean;
}

/**
 * When an exit may be told: not before a WaitForProcess of the init has been answered, so that a host has the exit code
 * first; never twice to one host; and not while no host is connected (reference: hcsshim guest, exit notification).
 * A host that comes after may not know what its predecessor heard (a restored VM's): it is told once it asks for the init.
 */
export class ExitNotifications {
  readonly #watched = new Map<string, Watched>();
  readonly #unsent: ContainerEvent[] = [];
  #send: ((event: ContainerEvent) => void) | undefined;

  /** False for an id that is watched already. To be called before the container is created: it may exit at once. */
  watch(containerId: string): boolean {
    if (this.#watched.get(containerId)?.told === false) return false;
    this.#watched.set(containerId, { initPid: 0, initWaitAnswered: false, exit: undefined, told: false });
    return true;
  }

  created(containerId: string, initPid: number): void {
    const watched = this.#watched.get(containerId);
    if (watched !== undefined) watched.initPid = initPid;
  }

  forget(containerId: string): void {
    this.#watched.delete(containerId);
  }

  /** After the answer has been written. */
  waitAnswered(containerId: string, pid: number): void {
    const watched = this.#watched.get(containerId);
    if (watched === undefined || watched.initPid !== pid) return;
    watched.initWaitAnswered = true;
    this.#tell(watched);
  }

  /** An exit of a container that is not watched (never created over the bridge, or deleted) is nobody's. */
  exited(exit: ContainerExit): void {
    const watched = this.#watched.get(exit.containerId);
    if (watched === undefined) return;
    watched.exit ??= exit;
    this.#tell(watched);
  }

  /** At once, so that it is told before the exit. Of a container that has not been told to have exited. */
  outOfMemory(containerId: string): void {
    if (this.#watched.get(containerId)?.told === false) this.#deliver({ containerId, type: "OutOfMemory" });
  }

  /** A negotiated host: gets what is due, and what becomes due until `disconnected`. */
  connected(send: (event: ContainerEvent) => void): void {
    this.#send = send;
    for (const event of this.#unsent.splice(0)) send(event);
  }

  disconnected(): void {
    this.#send = undefined;
    for (const watched of this.#watched.values()) {
      if (!watched.told) continue;
      watched.told = false;
      watched.initWaitAnswered = false;
    }
  }

  #tell(watched: Watched): void {
    const { initWaitAnswered, exit, told } = watched;
    if (!initWaitAnswered || exit === undefined || told) return;
    watched.told = true;
    this.#deliver(exit);
  }

  #deliver(event: ContainerEvent): void {
    if (this.#send === undefined) this.#unsent.push(event);
    else this.#send(event);
  }
}
