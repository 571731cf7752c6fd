import { ShimError } from "../errors/shim-error.ts";
import type { Request } from "../generated/ttrpc.ts";
import { Metadata } from "./metadata.ts";
import type { ReceiveQueue } from "./receive-queue.ts";
import type { CallContext } from "./service.ts";
import { startTimer } from "./timer.ts";

/**
 * One call on the server, and the context that its handler gets. Metadata and the signal are made when they are asked
 * for: most handlers ask for neither, and every call pays.
 */
export class ServerCall implements CallContext {
  readonly streamId: number;
  readonly service: string;
  readonly method: string;
  readonly fullMethod: string;
  readonly deadline: number | undefined;
  /** Of a streaming call. */
  queue: ReceiveQueue | undefined;
  /** The peer has been told the end of the call; whatever the handler still does is dropped. */
  answered = false;
  readonly #pairs: Request["metadata"];
  #metadata: Metadata | undefined;
  #controller: AbortController | undefined;
  #abortReason: ShimError | undefined;
  #stopTimer: (() => void) | undefined;
  #finished = false;

  constructor(streamId: number, request: Request, fullMethod: string) {
    this.streamId = streamId;
    this.service = request.service;
    this.method = request.method;
    this.fullMethod = fullMethod;
    this.#pairs = request.metadata;
    this.deadline = request.timeoutNano > 0n ? Date.now() + Number(request.timeoutNano) / 1e6 : undefined;
  }

  get metadata(): Metadata {
    this.#metadata ??= Metadata.fromPairs(this.#pairs);
    return this.#metadata;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      const reason = this.abortReason;
      if (reason !== undefined) this.#controller.abort(reason);
    }
    return this.#controller.signal;
  }

  get abortReason(): ShimError | undefined {
    if (this.#finished) this.#abortReason ??= this.#returned();
    return this.#abortReason;
  }

  /** Only for calls that did not finish at once. */
  armDeadline(): void {
    if (this.deadline === undefined || this.#abortReason !== undefined) return;
    const deadline = this.deadline;
    this.#stopTimer = startTimer(deadline - Date.now(), () => {
      const error = new ShimError("deadline-exceeded", `${this.fullMethod} is past its deadline; cannot go on`);
      this.abort(error);
      this.queue?.end(error);
    });
  }

  /** The first reason stays. */
  abort(reason: ShimError): void {
    if (this.#finished || this.#abortReason !== undefined) return;
    this.#abortReason = reason;
    this.#stopTimer?.();
    this.#controller?.abort(reason);
  }

  /** The handler has returned: whoever still holds the signal learns it. */
  finish(): void {
    this.answered = true;
    // An error costs more than a short call, and nobody may ever look at it.
    if (this.#controller !== undefined) this.abort(this.#returned());
    else this.#stopTimer?.();
    this.#finished = true;
  }

  #returned(): ShimError {
    return new ShimError("canceled", `${this.fullMethod} has returned; its context is over`);
  }
}
