import { StreamInit, Streaming } from "../../src/generated/containerd/services/streaming/v1.ts";
import { Data, Progress, WindowUpdate } from "../../src/generated/containerd/types/transfer.ts";
import type { Any } from "../../src/generated/google/protobuf.ts";
import type { MessageType } from "../../src/generated/wire.ts";
import type { Client } from "../../src/ttrpc/client.ts";
import type { DuplexStream } from "../../src/ttrpc/stream.ts";

const WINDOW = 65_536;
const MAX_DATA = 32_768;

export function toAny<T extends object>(type: MessageType<T>, message: T): Any {
  return { typeUrl: type.typeName, value: type.encode(message) };
}

/** A client's end of a stream of the shim's socket, with containerd's windows. */
export class StreamClient {
  readonly id: string;
  readonly #call: DuplexStream<Any, Any>;

  private constructor(id: string, call: DuplexStream<Any, Any>) {
    this.id = id;
    this.#call = call;
  }

  static async open(client: Client, id: string): Promise<StreamClient> {
    const call = client.service(Streaming).stream();
    await call.send(toAny(StreamInit, { id }));
    if ((await call.receive()) === undefined) throw new Error(`stream ${id} was ended instead of acknowledged`);
    return new StreamClient(id, call);
  }

  /** Sends all of it, as it is granted, and the end. */
  async send(chunks: Iterable<Uint8Array>): Promise<void> {
    let granted = 0;
    for (const chunk of chunks) {
      for (let rest = chunk; rest.length > 0; ) {
        while (granted === 0) {
          const message = await this.#call.receive();
          if (message === undefined) throw new Error(`stream ${this.id} was ended while it was sent on`);
          granted += WindowUpdate.decode(message.value).update;
        }
        const part = rest.subarray(0, Math.min(granted, MAX_DATA));
        await this.#call.send(toAny(Data, { data: part }));
        granted -= part.length;
        rest = rest.subarray(part.length);
      }
    }
    this.#call.closeSend();
  }

  /** All that comes, to its end. */
  async *receive(): AsyncGenerator<Uint8Array> {
    let window = 0;
    for (;;) {
      if (window < WINDOW) {
        // Refused once the stream is over, which the next message tells.
        await this.#call.send(toAny(WindowUpdate, { update: WINDOW })).catch(() => {});
        window += WINDOW;
      }
      const message = await this.#call.receive();
      if (message === undefined) return;
      const { data } = Data.decode(message.value);
      window -= data.length;
      yield data;
    }
  }

  /** The accounts that come on a progress stream. */
  async *progress(): AsyncGenerator<Progress> {
    for (let message = await this.#call.receive(); message !== undefined; message = await this.#call.receive()) {
      yield Progress.decode(message.value);
    }
  }
}
