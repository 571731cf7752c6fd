import assert from "node:assert/strict";
import { ShimError } from "../../../src/errors/shim-error.ts";
import { StreamInit } from "../../../src/generated/containerd/services/streaming/v1.ts";
import { Data, WindowUpdate } from "../../../src/generated/containerd/types/transfer.ts";
import { Any } from "../../../src/generated/google/protobuf.ts";
import type { MessageType } from "../../../src/generated/wire.ts";
import { silentLogger } from "../../../src/log/logger.ts";
import { WINDOW, WindowedStream } from "../../../src/orchestration/stream/windowed-stream.ts";
import { messageOf, typeOf } from "../../../src/service/any.ts";
import { streamingHandlers } from "../../../src/service/streaming/streaming-service.ts";
import { decodeMessage } from "../../../src/ttrpc/message.ts";
import { type Damage, damageBytes, joined } from "../damage.ts";
import { damageProtobuf } from "../damage-protobuf.ts";
import { Random } from "../random.ts";
import { outcomeOf, type Target } from "../target.ts";

/** Messages of the streaming service, each behind its length (two bytes, big end first). */
function split(input: Uint8Array): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let at = 0; at + 2 <= input.length; ) {
    const length = ((input[at] ?? 0) << 8) | (input[at + 1] ?? 0);
    messages.push(input.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return messages;
}

function combined(messages: readonly Uint8Array[]): Uint8Array {
  return joined(
    ...messages.flatMap((bytes) => {
      const message = bytes.subarray(0, 0xffff);
      return [Uint8Array.of(message.length >> 8, message.length & 0xff), message];
    }),
  );
}

const damage: Damage = (dice, input, others) => {
  if (dice.chance(1 / 6)) return damageBytes(dice, input, others);
  const messages = split(input);
  const at = dice.below(messages.length + 1);
  const message = messages[at] ?? new Uint8Array();
  if (dice.chance(1 / 4)) messages.splice(at, dice.below(2), message, message);
  else messages[at] = damageProtobuf(dice, message, []);
  return combined(messages);
};

function any<T extends object>(type: MessageType<T>, init: Partial<T>): Uint8Array {
  return Any.encode({ typeUrl: type.typeName, value: type.encode(type.create(init)) });
}

/** A client's whole stream, with one that reads and writes at its other end: it is never granted more than two windows. */
export function streaming(): Target {
  return {
    name: "streaming",
    weight: 4,
    damage,
    generate(dice) {
      const messages = Array.from({ length: dice.below(12) }, () =>
        dice.chance(1 / 2)
          ? any(Data, { data: new Uint8Array(dice.below(dice.pick([10, 5000]))) })
          : any(WindowUpdate, { update: dice.pick([1, 65_536, 2 ** 31 - 1, -1, 0]) }),
      );
      return combined([any(StreamInit, { id: dice.pick(["s", "", "a/b"]) }), ...messages]);
    },
    async run(input) {
      const dice = Random.from(input);
      const messages = split(input);
      const gone = new AbortController();
      let outstanding = 0;
      let most = 0;
      const call = {
        async receive() {
          if (dice.chance(1 / 4)) await new Promise((resolve) => setImmediate(resolve));
          const bytes = messages.shift();
          if (bytes === undefined) return undefined;
          const message = decodeMessage(Any, bytes, "request") as Any;
          outstanding -= lengthOf(message);
          return message;
        },
        async send(message: Any) {
          if (message.typeUrl === WindowUpdate.typeName) outstanding += WindowUpdate.decode(message.value).update;
          most = Math.max(most, outstanding);
        },
        closeSend() {},
      };
      const streams = {
        attach(id: string, carrier: ConstructorParameters<typeof WindowedStream>[1]) {
          const stream = new WindowedStream(id, carrier, () => undefined);
          stream.start();
          void use(stream, dice);
          return stream;
        },
      };
      const handlers = streamingHandlers({ streams, log: silentLogger, initMs: 60_000 });
      let failure: unknown;
      try {
        await handlers.stream(call as never, { signal: gone.signal } as never);
      } catch (error) {
        failure = error;
      }
      gone.abort(new ShimError("canceled", "the client is gone"));
      // Not where it is seen: what a carrier throws is an end of the stream, and no more.
      assert.ok(most <= 2 * WINDOW, `${most} bytes were granted at once`);
      return outcomeOf(failure);
    },
  };
}

function lengthOf(message: Any): number {
  return typeOf(message) === Data.typeName ? messageOf(Data, message, "a message").data.length : 0;
}

async function use(stream: WindowedStream, dice: Random): Promise<void> {
  try {
    for (let bytes = await stream.read(); bytes !== undefined; bytes = await stream.read()) {
      if (dice.chance(1 / 4)) await stream.write(bytes.subarray(0, 100));
    }
    stream.finish();
  } catch (error) {
    stream.finish(ShimError.from(error));
  }
}
