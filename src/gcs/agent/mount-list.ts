import { mkdirSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { alreadyExists, notFound, ShimError } from "../../errors/shim-error.ts";
import { mountOne } from "../../sys/mount.ts";
import { guestPath } from "../guest-path.ts";
import { mountError, systemMounts } from "../storage/system-mounts.ts";

/** As a client names it; `target` is a path of the guest. */
export interface AgentMount {
  readonly type: string;
  readonly source: string;
  readonly target: string;
  readonly options: readonly string[];
}

/** What mounts; both throw a ShimError that names the target. */
export interface AgentMountCalls {
  /** Makes the target's directory where there is none. */
  mount(mount: AgentMount): void;
  unmount(target: string): void;
}

export const agentMountCalls: AgentMountCalls = {
  mount(mount) {
    try {
      mkdirSync(mount.target, { recursive: true, mode: 0o700 });
      mountOne({ type: mount.type, source: mount.source, options: mount.options }, mount.target);
    } catch (error) {
      throw mountError(error, mount);
    }
  },
  unmount: (target) => systemMounts.unmount(target),
};

/** What clients have mounted in the guest, in that order. It outlives its clients. */
export class MountList {
  readonly #calls: AgentMountCalls;
  #mounts: AgentMount[] = [];

  constructor(calls: AgentMountCalls = agentMountCalls) {
    this.#calls = calls;
  }

  /**
   * All of them in their order, or none. One that is there as it is asked for counts as mounted. Throws already-exists for
   * a target that has another mount of this list, invalid-argument for a target that is no absolute path.
   */
  mountAll(mounts: readonly AgentMount[]): void {
    const made: AgentMount[] = [];
    try {
      for (const given of mounts) {
        const mount = { ...given, target: guestPath(given.target, "MountSpec.target") };
        const there = this.#find(mount.target) ?? made.find(({ target }) => target === mount.target);
        if (there === undefined) {
          this.#calls.mount(mount);
          made.push(mount);
        } else if (!isDeepStrictEqual(there, mount)) {
          throw alreadyExists(
            `${mount.target} has another mount; cannot mount ${mount.source} on it: unmount it first`,
          );
        }
      }
    } catch (error) {
      for (const { target } of made.reverse()) this.#calls.unmount(target);
      throw error;
    }
    this.#mounts.push(...made);
  }

  /** Throws not-found for a target that is not of this list, failed-precondition for one in use. */
  unmount(given: string): void {
    const target = guestPath(given, "UnmountRequest.target");
    const mount = this.#find(target);
    if (mount === undefined) throw notFound(`nothing was mounted on ${target} by MountAll; cannot unmount it`);
    this.#calls.unmount(target);
    this.#mounts = this.#mounts.filter((other) => other !== mount);
  }

  /** The last one first. Those that can't be unmounted stay in the list; the error names them all, after all the others. */
  unmountAll(): void {
    const failures: ShimError[] = [];
    for (const mount of [...this.#mounts].reverse()) {
      try {
        this.unmount(mount.target);
      } catch (error) {
        failures.push(ShimError.from(error));
      }
    }
    const [first] = failures;
    if (first === undefined) return;
    throw new ShimError(first.kind, failures.map(({ message }) => message).join("; "), { cause: first });
  }

  #find(target: string): AgentMount | undefined {
    return this.#mounts.find((mount) => mount.target === target);
  }
}
