import { ShimError, unavailable } from "../../errors/shim-error.ts";
import { failpoint } from "../../failpoint/failpoint.ts";
import { decodeBody, encodeBody, parseBody } from "../../prot/body.ts";
import { type Frame, FrameReader } from "../../prot/frame-reader.ts";
import { encodeFrame, MESSAGE_HEADER_SIZE, type SequenceId } from "../../prot/header.ts";
import { fromWireHresult, HRESULT, hresultName } from "../../prot/hresult.ts";
import { kindOfHresult } from "../../prot/hresult-kind.ts";
import { identifierParts, MessageIdentifier, MessageType, messageName } from "../../prot/message-identifier.ts";
import { type MessageBase, type MessageResponseBase, messageResponseBase } from "../../prot/messages/base.ts";
import { type ContainerNotification, containerNotification } from "../../prot/messages/notification.ts";
import { type Rpc, rpcs } from "../../prot/rpc.ts";
import type { ByteStream } from "../../sys/byte-stream.ts";
import { PendingCalls } from "./pending-calls.ts";
import type { BridgeTap } from "./tap.ts";

/**
 * The largest frame in bytes that we read, announced in NegotiateProtocol. hcsshim's host stops at 64 KiB, which a list of
 * 3000 processes exceeds; a hostile guest still can't make us hold more than this.
 */
export const HOST_RECEIVE_CAP = 1024 * 1024;

/** How long an orderly close waits for the guest's EOF. */
const CLOSE_GRACE_MS = 2000;

export interface BridgeOptions {
  /** Time-out of every request but WaitForProcess. When it passes the guest counts as lost: the bridge ends. */
  readonly requestTimeoutMs: number;
  /** What it throws ends the bridge. */
  onNotification(notification: ContainerNotification): void;
  /** Each response, with the milliseconds since its request: where the time of a slow guest goes. */
  onAnswered?(request: string, milliseconds: number): void;
  readonly tap?: BridgeTap | undefined;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Requests whose caller may leave before the answer. The others change the guest: whoever sent them has to learn what came
 * of it, so their signal only counts before they are sent (reference: hcsshim bridge behaviour).
 */
const cancellable: ReadonlySet<number> = new Set([
  rpcs.negotiateProtocol.requestType,
  rpcs.getProperties.requestType,
  rpcs.shutdownGraceful.requestType,
  rpcs.shutdownForced.requestType,
  rpcs.resizeConsole.requestType,
  rpcs.waitForProcess.requestType,
]);

/**
 * The host's side of the bridge: requests out, responses matched by id, notifications in. The guest is not trusted:
 * whatever breaks the protocol ends the bridge, and with it every pending request, and nothing more.
 */
export class Bridge {
  /** Resolves at the end; with the reason unless it was an orderly one (EOF between frames, or `close`). */
  readonly ended: Promise<Error | undefined>;
  readonly #stream: ByteStream;
  readonly #options: BridgeOptions;
  readonly #reader = new FrameReader(HOST_RECEIVE_CAP, (frame) => this.#dispatch(frame));
  readonly #pending = new PendingCalls();
  #closed: { reason: Error | undefined } | undefined;
  #closeTimer: NodeJS.Timeout | undefined;
  #resolveEnded: (reason: Error | undefined) => void = () => undefined;
  readonly #endListeners = new Set<(error: ShimError) => void>();

  constructor(stream: ByteStream, options: BridgeOptions) {
    this.#stream = stream;
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    stream.open({
      data: (chunk) => this.#guard(() => this.#reader.push(chunk)),
      end: () => {
        this.#guard(() => this.#reader.end());
        this.#finish(undefined);
        this.#stream.end();
      },
      drain: () => undefined,
      close: (error) => {
        clearTimeout(this.#closeTimer);
        this.#finish(error);
      },
    });
  }

  /**
   * Sends a request and resolves with its response. Rejects with the kind of the guest's HRESULT; with unavailable when the
   * bridge has ended or ends first; with deadline-exceeded when the time-out passes, which ends the bridge.
   */
  call<Req extends MessageBase, ReqInit, Res extends MessageResponseBase, ResInit>(
    rpc: Rpc<Req, ReqInit, Res, ResInit>,
    request: ReqInit & { readonly containerId: string },
    { signal }: CallOptions = {},
  ): Promise<Res> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) return reject(this.#endedError(`${rpc.name} cannot be sent`));
      if (signal?.aborted) return reject(ShimError.from(signal.reason, "canceled"));
      const body = encodeBody(rpc.request, request);
      let timer: NodeJS.Timeout | undefined;
      const settle = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", leave);
      };
      const leave = (): void => {
        settle();
        // The call stays pending: its late answer is no violation.
        reject(ShimError.from(signal?.reason, "canceled"));
      };
      const { onAnswered } = this.#options;
      const sent = performance.now();
      const id = this.#pending.add({
        name: rpc.name,
        responseType: rpc.responseType,
        sent,
        answer(answerBody) {
          const title = `${rpc.name} response`;
          const answer = parseBody(answerBody, title);
          const failure = guestError(rpc.name, request.containerId, messageResponseBase.decode(answer, title));
          const response = failure === undefined ? rpc.response.decode(answer, title) : undefined;
          settle();
          onAnswered?.(rpc.name, performance.now() - sent);
          if (response === undefined) reject(failure);
          else resolve(response);
        },
        fail(error) {
          settle();
          reject(error);
        },
      });
      if (rpc.requestType !== rpcs.waitForProcess.requestType) {
        timer = setTimeout(() => this.#timeOut(id, rpc.name), this.#options.requestTimeoutMs);
      }
      if (cancellable.has(rpc.requestType)) signal?.addEventListener("abort", leave);
      const send = (): void => {
        this.#tell("to-guest", rpc.requestType, id, body);
        this.#stream.write(encodeFrame(rpc.requestType, id, body));
      };
      if (globalThis.UVM_SHIM_FAILPOINTS) {
        failpoint("bridge.send").then(send, (error) => this.#pending.take(id)?.fail(error));
      } else send();
    });
  }

  /**
   * Calls back once with an unavailable error at the end, at once if that was before; returns how to take the listener
   * back. For short waits: a reaction to `ended` would stay as long as the bridge does.
   */
  onEnd(listener: (error: ShimError) => void): () => void {
    if (this.#closed !== undefined) listener(this.#endedError("nothing more will come from it"));
    else this.#endListeners.add(listener);
    return () => this.#endListeners.delete(listener);
  }

  get isEnded(): boolean {
    return this.#closed !== undefined;
  }

  /** An orderly end: EOF to the guest; pending requests fail with unavailable. Idempotent. */
  close(): void {
    if (this.#closed !== undefined) return;
    this.#finish(undefined);
    this.#stream.end();
    this.#closeTimer = setTimeout(() => this.#stream.destroy(), CLOSE_GRACE_MS);
    this.#closeTimer.unref();
  }

  #guard(step: () => void): void {
    if (this.#closed !== undefined) return;
    try {
      step();
    } catch (error) {
      this.#kill(ShimError.from(error, "internal"));
    }
  }

  #kill(reason: ShimError): void {
    this.#finish(reason);
    this.#stream.destroy(reason);
  }

  #finish(reason: Error | undefined): void {
    if (this.#closed !== undefined) return;
    this.#closed = { reason };
    this.#pending.failAll(this.#endedError("the request was not answered"));
    this.#resolveEnded(reason);
    const listeners = [...this.#endListeners];
    this.#endListeners.clear();
    for (const listener of listeners) listener(this.#endedError("nothing more will come from it"));
  }

  #timeOut(id: bigint, name: string): void {
    const timeout = new ShimError(
      "deadline-exceeded",
      `the guest did not answer ${name} within ${this.#options.requestTimeoutMs} ms; the bridge is given up`,
    );
    this.#pending.take(id)?.fail(timeout);
    this.#kill(timeout);
  }

  #tell(direction: "to-guest" | "from-guest", type: number, id: SequenceId, body: Uint8Array, sent?: number): void {
    const { tap } = this.#options;
    if (tap?.active !== true) return;
    const bytes = MESSAGE_HEADER_SIZE + body.byteLength;
    const ms = sent === undefined ? {} : { ms: performance.now() - sent };
    tap.message({ at: new Date(), direction, type, id, bytes, body, ...ms });
  }

  #endedError(consequence: string): ShimError {
    const reason = this.#closed?.reason;
    const why = reason === undefined ? "" : `: ${reason.message}`;
    return unavailable(`the bridge to the guest has ended; ${consequence}${why}`, reason);
  }

  #dispatch({ header: { type, id }, body }: Frame): void {
    // One chunk may hold several frames, and the first may have ended us.
    if (this.#closed !== undefined) return;
    const isResponse = identifierParts(type).kind === MessageType.response;
    const call = isResponse ? this.#pending.take(id) : undefined;
    this.#tell("from-guest", type, id, body, call?.sent);
    if (isResponse) {
      if (call === undefined) throw violation(`answered a request with id ${id} that is not pending`);
      try {
        if (type !== call.responseType) throw violation(`answered ${call.name} with a ${messageName(type)}`);
        call.answer(body);
      } catch (error) {
        const reason = ShimError.from(error, "data-loss");
        call.fail(unavailable(`the bridge to the guest has ended: ${reason.message}`, reason));
        throw reason;
      }
    } else if (type === MessageIdentifier.computeSystemNotificationV1) {
      this.#options.onNotification(decodeBody(containerNotification, body, "Notification"));
    } else {
      throw violation(`sent a message of type ${messageName(type)}`);
    }
  }
}

export function violation(what: string): ShimError {
  return new ShimError("data-loss", `the guest ${what}`);
}

function guestError(name: string, containerId: string, base: MessageResponseBase): ShimError | undefined {
  if (base.result === HRESULT.ok) return undefined;
  const hresult = fromWireHresult(base.result);
  const told = base.errorMessage || base.errorRecords.map((entry) => entry.message).join("; ") || "no reason given";
  return new ShimError(
    kindOfHresult(hresult),
    `${containerId}: ${name} failed in the guest: ${told} (${hresultName(hresult)})`,
  );
}
