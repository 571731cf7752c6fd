import { failedPrecondition } from "../../../../errors/shim-error.ts";
import { unlessAborted } from "../../../../errors/unless-aborted.ts";
import type { CallOptions } from "../../../lifetime.ts";
import type { ComputeEvent, ComputeSystem } from "./compute-core.ts";
import { type ComputeCoreLibrary, type Handle, onPool } from "./library.ts";
import { checkResult, type Operations } from "./operations.ts";

/** HcsEventOptionNone: events alone; operations are waited for, as WSL and hcsshim do. */
const NO_EVENT_OPTIONS = 0;

type SystemCall =
  | "HcsStartComputeSystem"
  | "HcsShutDownComputeSystem"
  | "HcsTerminateComputeSystem"
  | "HcsPauseComputeSystem"
  | "HcsResumeComputeSystem"
  | "HcsSaveComputeSystem"
  | "HcsCrashComputeSystem"
  | "HcsGetComputeSystemProperties"
  | "HcsModifyComputeSystem";

/** Holds Node up until it is closed: a callback that is still to come does not. */
export class HcsComputeSystem implements ComputeSystem {
  readonly id: string;
  readonly #library: ComputeCoreLibrary;
  readonly #operations: Operations;
  readonly #handle: Handle;
  readonly #key: bigint;
  readonly #hold = setInterval(() => {}, 2 ** 30);
  readonly #running = new Set<Promise<unknown>>();
  #listener: ((event: ComputeEvent) => void) | undefined;
  /** What came before there was a listener. */
  #early: ComputeEvent[] = [];
  #closed: Promise<void> | undefined;

  constructor(id: string, handle: Handle, library: ComputeCoreLibrary, operations: Operations) {
    this.id = id;
    this.#handle = handle;
    this.#library = library;
    this.#operations = operations;
    this.#key = library.listen((event) =>
      this.#listener === undefined ? this.#early.push(event) : this.#listener(event),
    );
  }

  /** Has HCS tell its events to us. */
  async subscribe(): Promise<void> {
    const { calls, eventCallback } = this.#library;
    const set = onPool(calls.HcsSetComputeSystemCallback, this.#handle, NO_EVENT_OPTIONS, this.#key, eventCallback);
    checkResult("HcsSetComputeSystemCallback", await this.#track(set));
  }

  onEvent(listener: (event: ComputeEvent) => void): void {
    this.#listener = listener;
    for (const event of this.#early.splice(0)) listener(event);
  }

  async start(options?: CallOptions): Promise<void> {
    await this.#call("HcsStartComputeSystem", [null], options);
  }
  async shutDown(document: string, options?: CallOptions): Promise<void> {
    await this.#call("HcsShutDownComputeSystem", [orNull(document)], options);
  }
  async terminate(options?: CallOptions): Promise<void> {
    await this.#call("HcsTerminateComputeSystem", [null], options);
  }
  async pause(document: string, options?: CallOptions): Promise<void> {
    await this.#call("HcsPauseComputeSystem", [orNull(document)], options);
  }
  async resume(options?: CallOptions): Promise<void> {
    await this.#call("HcsResumeComputeSystem", [null], options);
  }
  async save(document: string, options?: CallOptions): Promise<void> {
    await this.#call("HcsSaveComputeSystem", [orNull(document)], options);
  }
  async crash(document: string, options?: CallOptions): Promise<void> {
    await this.#call("HcsCrashComputeSystem", [orNull(document)], options);
  }
  getProperties(query: string, options?: CallOptions): Promise<string> {
    return this.#call("HcsGetComputeSystemProperties", [orNull(query)], options);
  }
  async modify(request: string, options?: CallOptions): Promise<void> {
    // The identity under which it is done: ours.
    await this.#call("HcsModifyComputeSystem", [request, null], options);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#running);
    try {
      // HCS lets no callback go on behind it: on this thread, which runs the callbacks, it would wait for ever.
      await onPool(this.#library.calls.HcsCloseComputeSystem, this.#handle);
    } finally {
      // Events that came before are told first: they are in the queue by now.
      await new Promise((turn) => setImmediate(turn));
      this.#library.forget(this.#key);
      clearInterval(this.#hold);
    }
  }

  async #call(call: SystemCall, documents: readonly (string | null)[], { signal }: CallOptions = {}): Promise<string> {
    signal?.throwIfAborted();
    if (this.#closed !== undefined) {
      throw failedPrecondition(`compute system ${this.id} is closed; cannot call ${call}: open it again`);
    }
    const native = this.#library.calls[call];
    const work = this.#operations.run(call, (operation) => onPool(native, this.#handle, operation, ...documents));
    return unlessAborted(this.#track(work), signal);
  }

  #track<T>(work: Promise<T>): Promise<T> {
    const settled = work.then(
      () => void this.#running.delete(settled),
      () => void this.#running.delete(settled),
    );
    this.#running.add(settled);
    return work;
  }
}

function orNull(document: string): string | null {
  return document === "" ? null : document;
}
