import { alreadyExists, notFound, type ShimError } from "../errors/shim-error.ts";
import type { ContainerNotification } from "../prot/messages/notification.ts";
import { violation } from "./bridge/bridge.ts";

interface Watch {
  exited(): void;
  lost(error: ShimError): void;
  /** Told before anybody has asked. */
  outOfMemory: boolean;
  onOutOfMemory?: () => void;
}

/** Which containers' exits are awaited: all that the routing of notifications needs to know. */
export class ExitWatch {
  readonly #watches = new Map<string, Watch>();
  /** Deleted before their exit was told: hcsshim's guest may still tell it, and means no harm. */
  readonly #deleted = new Set<string>();

  /**
   * To be called before the container is created. The promise resolves with the notification and rejects with unavailable
   * when the bridge ends first; it is never an unhandled rejection. Throws already-exists for a watched id.
   */
  watch(containerId: string): Promise<void> {
    if (this.#watches.has(containerId)) {
      throw alreadyExists(`container ${containerId} exists in the guest; cannot create it: choose another id`);
    }
    this.#deleted.delete(containerId);
    const exited = new Promise<void>((resolve, reject) => {
      this.#watches.set(containerId, { exited: resolve, lost: reject, outOfMemory: false });
    });
    exited.catch(() => undefined);
    return exited;
  }

  deleted(containerId: string): void {
    if (!this.#watches.has(containerId)) return;
    this.forget(containerId, notFound(`container ${containerId} is deleted in the guest; its exit will not be told`));
    this.#deleted.add(containerId);
  }

  /** For containers that were not created: no exit of theirs will be told. */
  forget(containerId: string, why: ShimError): void {
    this.#watches.get(containerId)?.lost(why);
    this.#watches.delete(containerId);
  }

  onOutOfMemory(containerId: string, listener: () => void): void {
    const watch = this.#watches.get(containerId);
    if (watch === undefined) return;
    watch.onOutOfMemory = listener;
    if (watch.outOfMemory) listener();
  }

  /** Any other than OutOfMemory is the container's exit (reference: hcsshim bridge, notification). Throws for an unknown one. */
  notified({ containerId, type }: ContainerNotification): void {
    if (type !== "OutOfMemory" && this.#deleted.delete(containerId)) return;
    const watch = this.#watches.get(containerId);
    if (watch === undefined)
      throw violation(`sent a ${type} notification for ${containerId}, which is not a container`);
    if (type === "OutOfMemory") {
      if (watch.onOutOfMemory === undefined) watch.outOfMemory = true;
      else watch.onOutOfMemory();
      return;
    }
    this.#watches.delete(containerId);
    watch.exited();
  }

  lost(error: ShimError): void {
    for (const id of [...this.#watches.keys()]) this.forget(id, error);
  }
}
