import { type HostStage, hooksOf } from "../../oci/hooks.ts";
import type { Spec } from "../../oci/spec.ts";
import type { HookState, runHook } from "../../vmmanager/run-hook.ts";
import type { OwedHooks } from "./owed-hooks.ts";

export interface HostHooksOptions {
  readonly id: string;
  readonly bundle: string;
  readonly spec: Spec;
  readonly run: typeof runHook;
  warn(message: string, cause?: unknown): void;
  /** Before the first one runs, where poststop hooks are to come; and after those. */
  readonly account?: { owe(container: OwedHooks): void; paid(id: string): void };
}

/**
 * The hooks of a container in a VM that run on this host: to them the VM's process is the container's, and its network
 * namespace the pod's. On a host that the guest sees, the guest's own runtime runs them.
 */
export class HostHooks {
  readonly #options: HostHooksOptions;
  #creating: Promise<void> = Promise.resolve();
  #over = false;

  constructor(options: HostHooksOptions) {
    this.#options = options;
  }

  /** Before the container is made in the guest. Throws what the first failing one throws. */
  creating(pid: number): Promise<void> {
    const work = async (): Promise<void> => {
      const { id, bundle, spec, account } = this.#options;
      if (hooksOf(spec, "poststop").length > 0) account?.owe({ id, bundle });
      for (const stage of ["prestart", "createRuntime"] as const) await this.#runAll(stage, "created", pid);
    };
    this.#creating = work();
    return this.#creating;
  }

  /** After its start; a failure is only told. */
  async started(pid: number): Promise<void> {
    await this.#runAll("poststart", "running", pid).catch((cause) => this.#warn(cause));
  }

  /**
   * After its deletion, or its failed create; a failure is only told. What a cancelled create left under way comes to its
   * end before: it is what these take back.
   */
  async deleted(): Promise<void> {
    this.#over = true;
    await this.#creating.catch(() => {});
    await this.#runAll("poststop", "stopped", 0, (cause) => this.#warn(cause));
    this.#options.account?.paid(this.#options.id);
  }

  async #runAll(stage: HostStage, status: HookState["status"], pid: number, onError?: (cause: unknown) => void) {
    const { id, bundle, spec, run } = this.#options;
    const { ociVersion, annotations = {} } = spec;
    for (const hook of hooksOf(spec, stage)) {
      if (this.#over && stage !== "poststop") return;
      try {
        await run(hook, { ociVersion, id, status, pid, bundle, annotations });
      } catch (cause) {
        if (onError === undefined) throw cause;
        onError(cause);
      }
    }
  }

  #warn(cause: unknown): void {
    this.#options.warn(`container ${this.#options.id}: a hook failed`, cause);
  }
}
