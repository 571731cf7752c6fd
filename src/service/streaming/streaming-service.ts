import { assertNever, invalidArgument } from "../../errors/shim-error.ts";
import { StreamInit, Streaming } from "../../generated/containerd/services/streaming/v1.ts";
import { Data, Progress, WindowUpdate } from "../../generated/containerd/types/transfer.ts";
import { Any } from "../../generated/google/protobuf.ts";
import type { MessageType } from "../../generated/wire.ts";
import type { Logger } from "../../log/logger.ts";
import { within } from "../../orchestration/deadline.ts";
import type { StreamCarrier, StreamMessage, Streams } from "../../orchestration/stream/ports.ts";
import type { Server } from "../../ttrpc/server.ts";
import type { Handlers } from "../../ttrpc/service.ts";
import type { DuplexStream } from "../../ttrpc/stream.ts";
import { messageOf, typeOf } from "../any.ts";
import { failedCall } from "../status.ts";

export interface StreamingServiceOptions {
  readonly streams: Streams;
  readonly log: Logger;
  /** Until a client has said which stream it opens (ms). */
  readonly initMs?: number;
}

const INIT_MS = 10_000;

export function registerStreamingService(server: Pick<Server, "register">, options: StreamingServiceOptions): void {
  server.register(Streaming, streamingHandlers(options));
}

/** containerd.services.streaming.v1 (reference: containerd-shim 1.21): which stream, the acknowledgement, then its messages. */
export function streamingHandlers({
  streams,
  log,
  initMs = INIT_MS,
}: StreamingServiceOptions): Handlers<typeof Streaming> {
  return {
    async stream(call, { signal }) {
      let id = "";
      try {
        const first = await within(call.receive(), initMs, "the first message of a stream");
        if (first === undefined) throw invalidArgument("the stream ended before it was opened: send a StreamInit");
        id = decode(StreamInit, first).id;
        const { over } = streams.attach(id, new AnyCarrier(call, signal));
        // What the stream's server has sent by now comes in a later turn.
        await call.send(Any.create());
        await over;
      } catch (thrown) {
        throw failedCall(log, "Stream", thrown, { stream: id });
      }
    },
  };
}

/** A stream's messages as they stand in Anys. */
class AnyCarrier implements StreamCarrier {
  readonly signal: AbortSignal;
  readonly #call: DuplexStream<Any, Any>;

  constructor(call: DuplexStream<Any, Any>, signal: AbortSignal) {
    this.#call = call;
    this.signal = signal;
  }

  async receive(): Promise<StreamMessage | undefined> {
    const any = await this.#call.receive();
    return any === undefined ? undefined : decodeMessage(any);
  }

  send(message: StreamMessage): Promise<void> {
    return this.#call.send(encodeMessage(message));
  }

  closeSend(): void {
    this.#call.closeSend();
  }

  /** The kernel tells of unread bytes by a reset. */
  get broken(): boolean {
    const { aborted, reason } = this.signal;
    return aborted && reason instanceof Error && reason.cause !== undefined;
  }
}

/** Throws invalid-argument for anything but data and grants. */
export function decodeMessage(any: Any): StreamMessage {
  switch (typeOf(any)) {
    case Data.typeName:
      return { kind: "data", bytes: decode(Data, any).data };
    case WindowUpdate.typeName:
      return { kind: "window", bytes: decode(WindowUpdate, any).update };
    default:
      throw invalidArgument(
        `a stream carries data and window updates, not ${JSON.stringify(any.typeUrl.slice(0, 200))}`,
      );
  }
}

function encodeMessage(message: StreamMessage): Any {
  switch (message.kind) {
    case "data":
      return encode(Data, { data: message.bytes });
    case "window":
      return encode(WindowUpdate, { update: message.bytes });
    case "progress": {
      const { event, name, bytes } = message;
      return encode(Progress, { event, name, parents: [], progress: BigInt(bytes), total: 0n });
    }
    default:
      return assertNever(message);
  }
}

function decode<T extends object>(type: MessageType<T>, any: Any): T {
  return messageOf(type, any, "a stream's message");
}

function encode<T extends object>(type: MessageType<T>, message: T): Any {
  return { typeUrl: type.typeName, value: type.encode(message) };
}
