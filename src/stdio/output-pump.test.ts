import assert from "node:assert/strict";
import test from "node:test";
import { runtime } from "#runtime";
import { OutputPump } from "./output-pump.ts";
import type { PulledStream } from "./pull.ts";
import type { StreamClaim, StreamPeer } from "./streams.ts";

const never = new Promise<void>(() => {});

/** A client that reads all and stays. */
class StayingClient implements StreamPeer, StreamClaim {
  readonly ended = never;
  readonly unread = 0;
  readonly attached = true;
  bytes = 0;

  peer(): Promise<StreamPeer> {
    return Promise.resolve(this);
  }

  write(bytes: Uint8Array): Promise<number> {
    this.bytes += bytes.length;
    return Promise.resolve(bytes.length);
  }

  read = () => never.then(() => undefined);
  end(): void {}
  finish(): void {}
  linger(): void {}
  release(): void {}
}

/** Gives so many bytes, one at a time. */
function trickle(count: number): { source: PulledStream; done: Promise<void> } {
  let left = count;
  let tell: () => void = () => {};
  const done = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const source: PulledStream = {
    async next() {
      if (left === 0) {
        tell();
        await never;
      }
      left -= 1;
      return Buffer.alloc(1);
    },
    put: () => Promise.resolve(false),
    end() {},
    destroy() {},
  };
  return { source, done };
}

const skip = runtime.name !== "bun" && "Node's heap has what is not collected yet in it";

test("a client that stays costs no memory for each chunk that it was sent", { skip }, async () => {
  const chunks = 100_000;
  const { source, done } = trickle(chunks);
  const client = new StayingClient();
  const before = runtime.heapInUse();
  const pump = new OutputPump(source, client);
  await done;
  const grown = runtime.heapInUse() - before;
  assert.equal(client.bytes, chunks);
  assert.ok(grown < 2 * 2 ** 20, `${grown} bytes of heap for ${chunks} chunks`);
  assert.ok(pump.delivered instanceof Promise);
});
