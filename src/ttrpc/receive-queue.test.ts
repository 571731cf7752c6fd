import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ShimError } from "../errors/shim-error.ts";
import { queueBytesLimit, queueLimit, ReceiveQueue } from "./receive-queue.ts";

const message = (value: number): Uint8Array => Uint8Array.of(value);

function queueWithOverflow(): { queue: ReceiveQueue; overflow: Promise<ShimError> } {
  let told = (_error: ShimError): void => {};
  const overflow = new Promise<ShimError>((resolve) => {
    told = resolve;
  });
  const queue = new ReceiveQueue((error) => {
    queue.end(error, { discard: true });
    told(error);
  });
  return { queue, overflow };
}

describe("receive queue", () => {
  it("keeps the order, whether a reader waits or not", async () => {
    const { queue } = queueWithOverflow();
    const early = queue.next();
    queue.push(message(1));
    queue.push(message(2));
    queue.push(message(3));
    queue.end();
    const read = [await early, await queue.next(), await queue.next(), await queue.next(), await queue.next()];
    assert.deepEqual(read, [message(1), message(2), message(3), undefined, undefined]);
  });

  it("an error comes after what is queued, and again for every read", async () => {
    const { queue } = queueWithOverflow();
    queue.push(message(1));
    const error = new ShimError("aborted", "over");
    queue.end(error);
    queue.push(message(2));
    assert.deepEqual(await queue.next(), message(1));
    await assert.rejects(queue.next(), error);
    await assert.rejects(queue.next(), error);
  });

  it("two readers at once are refused", async () => {
    const { queue } = queueWithOverflow();
    const first = queue.next();
    await assert.rejects(queue.next(), (error) => error instanceof ShimError && error.kind === "failed-precondition");
    queue.push(message(1));
    assert.deepEqual(await first, message(1));
  });

  it("full for a second: fails", async () => {
    const { queue, overflow } = queueWithOverflow();
    for (let index = 0; index <= queueLimit; index += 1) queue.push(message(index));
    assert.equal((await overflow).kind, "resource-exhausted");
    await assert.rejects(queue.next(), (error) => error instanceof ShimError && error.kind === "resource-exhausted");
  });

  it("full, then read below the limit within the second: lives on", async () => {
    const { queue, overflow } = queueWithOverflow();
    const full = queueWithOverflow();
    for (let index = 0; index <= queueLimit; index += 1) {
      queue.push(message(index));
      full.queue.push(message(index));
    }
    await queue.next();
    // The other queue's second began with ours: when it is over, ours would be too.
    await full.overflow;
    for (let index = 1; index <= queueLimit; index += 1) assert.deepEqual(await queue.next(), message(index));
    queue.end();
    assert.equal(await queue.next(), undefined);
    void overflow;
  });

  it("memory is bounded within the second", async () => {
    const { queue, overflow } = queueWithOverflow();
    const large = new Uint8Array(1 << 20);
    let pushed = 0;
    while (!queue.ended) {
      queue.push(large);
      pushed += 1;
      assert.ok(pushed * large.length <= queueBytesLimit + queueLimit * large.length);
    }
    assert.equal((await overflow).kind, "resource-exhausted");
  });
});
