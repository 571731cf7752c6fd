import { invalidArgument } from "../errors/shim-error.ts";
import type { CallOptions } from "../vmmanager/lifetime.ts";
import { Instance } from "./instance.ts";
import type { ManagerOptions } from "./manager-options.ts";
import { StateDirectory } from "./state-directory.ts";

export type { Instance } from "./instance.ts";
export type { ManagerOptions } from "./manager-options.ts";
export type { ConsoleWriter, MountConfig, NetworkMode, NetworkOpts, StartOpts, StreamOpts } from "./options.ts";

/** Makes VMs (nerdbox's `vm.Manager`); any number of callers may share one. Needs root. See docs/vm-library.md. */
export class Manager {
  readonly #options: ManagerOptions;

  constructor(options: ManagerOptions) {
    this.#options = options;
  }

  /**
   * An instance whose state is in the directory, which exists, can be written to and holds no other: what one left there
   * whose process was killed is cleared up. Throws not-found, invalid-argument, failed-precondition, already-exists.
   */
  async newInstance(state: string, { signal }: CallOptions = {}): Promise<Instance> {
    signal?.throwIfAborted();
    if (!state.startsWith("/")) {
      throw invalidArgument(`state directory ${JSON.stringify(state)} is not absolute; cannot make an instance in it`);
    }
    return new Instance(await StateDirectory.claim(state), this.#options);
  }
}
