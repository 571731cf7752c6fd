import { ShimError } from "../../errors/shim-error.ts";
import { type Logger, silentLogger } from "../../log/logger.ts";
import { decodeBody, encodeBody } from "../../prot/body.ts";
import { type Frame, FrameReader } from "../../prot/frame-reader.ts";
import { encodeFrame, MESSAGE_HEADER_SIZE, type SequenceId, UPSTREAM_HOST_RECEIVE_CAP } from "../../prot/header.ts";
import { HRESULT } from "../../prot/hresult.ts";
import { isRequest, MessageIdentifier, messageName, responseIdentifier } from "../../prot/message-identifier.ts";
import type { GcsGuestCapabilities, NegotiateProtocol } from "../../prot/messages/negotiate-protocol.ts";
import { containerNotification } from "../../prot/messages/notification.ts";
import { NULL_ID, OsType, ProtocolVersion } from "../../prot/protocol.ts";
import { rpcs } from "../../prot/rpc.ts";
import type { ByteStream } from "../../sys/byte-stream.ts";
import { beginSpan, isRecording } from "../../tracing/span.ts";
import type { GcsHost } from "../host.ts";
import { type ErrorResponse, errorResponse, malformedResponse } from "./error-response.ts";
import type { ContainerEvent, ExitNotifications } from "./exit-notifications.ts";
import { handlers } from "./handlers.ts";

/** The largest frame that we read: OCI specs of real pods stay below 1 MiB. */
export const GUEST_RECEIVE_CAP = 16 * 1024 * 1024;

/** How long an orderly close waits for the host's EOF. */
const CLOSE_GRACE_MS = 2000;

export interface ConnectionOptions {
  readonly host: GcsHost;
  readonly exits: ExitNotifications;
  readonly capabilities: GcsGuestCapabilities;
  readonly log?: Logger;
}

/** One host on one stream, from its NegotiateProtocol to the end of the stream. */
export class BridgeConnection {
  /** Resolves at the end of the stream; with the reason unless it was an orderly one. */
  readonly ended: Promise<Error | undefined>;
  /** Resolves when the stream is closed both ways, or broken. */
  readonly closed: Promise<void>;
  readonly #stream: ByteStream;
  readonly #options: ConnectionOptions;
  readonly #log: Logger;
  readonly #reader = new FrameReader(GUEST_RECEIVE_CAP, (frame) => this.#dispatch(frame));
  #negotiated = false;
  #tellsOutOfMemory = false;
  #over = false;
  #closeTimer: NodeJS.Timeout | undefined;
  #hostReceiveCap = UPSTREAM_HOST_RECEIVE_CAP;
  #resolveEnded: (reason: Error | undefined) => void = () => undefined;
  #resolveClosed: () => void = () => undefined;

  constructor(stream: ByteStream, options: ConnectionOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#log = options.log ?? silentLogger;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
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
        this.#resolveClosed();
      },
    });
  }

  /** An orderly end: what was answered still leaves, then EOF. Idempotent. */
  close(): void {
    if (this.#over) return;
    this.#finish(undefined);
    this.#stream.end();
    this.#closeTimer = setTimeout(() => this.#stream.destroy(), CLOSE_GRACE_MS);
    this.#closeTimer.unref();
  }

  /** What it throws is fatal to the connection, and to nothing else. */
  #guard(step: () => void): void {
    if (this.#over) return;
    try {
      step();
    } catch (error) {
      this.#finish(ShimError.from(error, "internal"));
      this.#stream.destroy(ShimError.from(error, "internal"));
    }
  }

  #finish(reason: Error | undefined): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#negotiated) this.#options.exits.disconnected();
    this.#resolveEnded(reason);
  }

  #dispatch({ header: { type, id }, body }: Frame): void {
    if (!isRequest(type)) {
      throw new ShimError(
        "data-loss",
        `the host sent a message of type ${messageName(type)}; a guest takes requests only`,
      );
    }
    if (type === rpcs.negotiateProtocol.requestType && !this.#negotiated) {
      this.#negotiate(id, body);
      return;
    }
    const handler = this.#negotiated ? handlers.get(type) : undefined;
    if (handler === undefined) {
      const state = this.#negotiated ? "negotiated" : "not negotiated yet";
      const message = `message ${messageName(type)} is not supported while the bridge is ${state}`;
      this.#replyError(type, id, errorResponse(HRESULT.notImpl, message, ""));
      return;
    }
    const { host, exits } = this.#options;
    const context = { host, exits, maxBody: this.#hostReceiveCap - MESSAGE_HEADER_SIZE };
    const served = isRecording() ? beginSpan("guest", messageName(type), { id: Number(id) }) : undefined;
    void handler(body, context).then(({ body: answer, activityId, answered }) => {
      served?.();
      // Nobody was answered: the next host has to ask again.
      if (this.#over) return;
      if (answer.byteLength <= context.maxBody) {
        this.#reply(type, id, answer);
        answered?.();
        return;
      }
      const message = `the answer to ${messageName(type)} has ${answer.byteLength} bytes; the host reads ${context.maxBody}`;
      this.#replyError(type, id, errorResponse(HRESULT.outOfMemory, message, activityId));
    });
  }

  #negotiate(id: SequenceId, body: Uint8Array): void {
    const rpc = rpcs.negotiateProtocol;
    let request: NegotiateProtocol;
    try {
      request = decodeBody(rpc.request, body, rpc.name);
    } catch (error) {
      this.#replyError(rpc.requestType, id, malformedResponse(error));
      return;
    }
    const { minimumVersion, maximumVersion, maximumReceiveSize, outOfMemoryNotifications, activityId } = request;
    const version = ProtocolVersion.v4;
    if (minimumVersion > version || maximumVersion < version) {
      const message = `the host speaks versions ${minimumVersion} to ${maximumVersion} of the protocol; this guest speaks ${version}`;
      this.#replyError(rpc.requestType, id, errorResponse(HRESULT.unsupportedProtocol, message, activityId));
      return;
    }
    this.#hostReceiveCap = Math.max(maximumReceiveSize, UPSTREAM_HOST_RECEIVE_CAP);
    this.#tellsOutOfMemory = outOfMemoryNotifications;
    this.#negotiated = true;
    const answer = encodeBody(rpc.response, {
      result: HRESULT.ok,
      activityId,
      version,
      capabilities: {
        supportedSchemaVersions: [{ major: 2, minor: 1 }],
        runtimeOsType: OsType.linux,
        guestDefinedCapabilities: this.#options.capabilities,
      },
    });
    this.#reply(rpc.requestType, id, answer);
    this.#options.exits.connected((event) => this.#notify(event));
    this.#log.debug("bridge negotiated", { version, hostReceiveCap: this.#hostReceiveCap });
  }

  #notify({ containerId, type }: ContainerEvent): void {
    // hcsshim's host takes any notification for an exit.
    if (type === "OutOfMemory" && !this.#tellsOutOfMemory) return;
    const body = encodeBody(containerNotification, { containerId, activityId: NULL_ID, type });
    this.#write(encodeFrame(MessageIdentifier.computeSystemNotificationV1, 0n, body));
  }

  #replyError(requestType: number, id: SequenceId, response: ErrorResponse): void {
    this.#reply(requestType, id, encodeBody(rpcs.start.response, response));
  }

  #reply(requestType: number, id: SequenceId, body: Uint8Array): void {
    this.#write(encodeFrame(responseIdentifier(requestType), id, body));
  }

  /** Answers are as many as the requests that wait for them: what piles up here is bounded by the host's patience. */
  #write(frame: Uint8Array): void {
    if (!this.#over) this.#stream.write(frame);
  }
}
