import { ShimError } from "../../../../errors/shim-error.ts";
import type { Logger } from "../../../../log/logger.ts";
import type { CallOptions } from "../../../lifetime.ts";
import type { UtilityVM } from "../../../uvm.ts";
import type { UvmDocument } from "../document.ts";
import { readSavedState, type SavedState } from "../saved-state.ts";
import { type TemplateHost, templateKey } from "./key.ts";
import { TemplateStore } from "./store.ts";

/** A boot, a container in it, and the save. Both together leave time for a boot within what a VM's creation may take. */
const MAKE_MS = 90_000;
/** For another pod that is making one. */
const WAIT_MS = 15_000;

export interface TemplateOptions {
  /** Where they are kept: root's alone, mode 0700; made with the first one. */
  readonly directory: string;
  /** Bounds of making one, and of waiting for another pod that does. Default: 90 s, 15 s. */
  readonly makeMs?: number;
  readonly waitMs?: number;
}

export interface Template {
  readonly key: string;
  readonly directory: string;
  readonly saved: SavedState;
}

/** What VMs are made of instead of being booted. That there is none, and why, is told in the log: a VM is booted then. */
export class Templates {
  readonly #store: TemplateStore;
  readonly #host: TemplateHost;
  readonly #log: Logger;

  readonly #makeMs: number;
  readonly #waitMs: number;

  constructor({ directory, makeMs = MAKE_MS, waitMs = WAIT_MS }: TemplateOptions, host: TemplateHost, log: Logger) {
    this.#store = new TemplateStore(directory);
    this.#host = host;
    this.#log = log;
    this.#makeMs = makeMs;
    this.#waitMs = waitMs;
  }

  /**
   * The template of such VMs, made of the UVM that `boot` creates where there is none. Undefined where it can't be had;
   * rejects only when the caller's signal aborts.
   */
  async of(
    document: UvmDocument,
    boot: (call: CallOptions) => Promise<UtilityVM>,
    call: CallOptions = {},
  ): Promise<Template | undefined> {
    try {
      const key = templateKey(document, this.#host);
      const directory = this.#store.find(key) ?? (await this.#make(key, boot, call));
      return await this.#read(key, directory);
    } catch (cause) {
      call.signal?.throwIfAborted();
      this.#log.warn("there is no template for this vm: it is booted", { error: ShimError.from(cause, "internal") });
      return undefined;
    }
  }

  async #read(key: string, directory: string): Promise<Template | undefined> {
    try {
      return { key, directory, saved: await readSavedState(directory, this.#host.image) };
    } catch (cause) {
      this.refuse(key, ShimError.from(cause, "internal"));
      return undefined;
    }
  }

  /** It is of no use: removed, and made anew for the next pod. */
  refuse(key: string, error: Error): void {
    this.#log.warn("a template is refused and removed: the vm is booted", { template: key, error });
    try {
      this.#store.discard(key);
    } catch (error) {
      this.#log.error(`template ${key} can't be removed: remove it from ${this.#store.directory}`, { error });
    }
  }

  async #make(key: string, boot: (call: CallOptions) => Promise<UtilityVM>, call: CallOptions): Promise<string> {
    const started = performance.now();
    const write = async (directory: string): Promise<void> => {
      const limit = AbortSignal.timeout(this.#makeMs);
      const signal = call.signal ? AbortSignal.any([limit, call.signal]) : limit;
      // Most pods find one: the code that makes it is loaded by those that don't.
      const { makeTemplate } = await import("./make.ts");
      await makeTemplate(await boot({ signal }), directory, { log: this.#log, signal });
      this.#log.info("made a template of VMs", { template: key, ms: Math.round(performance.now() - started) });
    };
    return this.#store.make(key, write, { ...call, waitMs: this.#waitMs });
  }
}
