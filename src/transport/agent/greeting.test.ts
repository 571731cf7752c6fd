import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "../../../test/harness/until.ts";
import { isKind } from "../../errors/shim-error.ts";
import type { ByteStream } from "../../sys/byte-stream.ts";
import { memoryStreamPair } from "../memory-stream.ts";
import { encodeGreeting, MAX_GREETING_BYTES, nameStream, readGreeting } from "./greeting.ts";

/** All that comes until the peer's end; the error of a reset is thrown. */
function readToEnd(stream: ByteStream): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    stream.open({
      data: (chunk) => void chunks.push(chunk),
      end: () => resolve(Buffer.concat(chunks).toString()),
      drain() {},
      close: (error) => error !== undefined && reject(error),
    });
  });
}

const invalid = (error: unknown): boolean => isKind(error, "invalid-argument");

describe("the greeting of a stream", () => {
  it("is a length, big-endian, and the id", () => {
    assert.deepEqual([...encodeGreeting("aé")], [0, 0, 0, 3, 0x61, 0xc3, 0xa9]);
    assert.throws(() => encodeGreeting(""), invalid);
    assert.equal(encodeGreeting("x".repeat(MAX_GREETING_BYTES)).length, MAX_GREETING_BYTES + 4);
    assert.throws(() => encodeGreeting("x".repeat(MAX_GREETING_BYTES + 1)), invalid);
  });

  it("is read in pieces of any size, and what follows it comes to who opens the rest", async () => {
    const bytes = Buffer.concat([encodeGreeting("stream-1"), Buffer.from("payload")]);
    for (const size of [1, 3, 12, 13, bytes.length]) {
      const [host, guest] = memoryStreamPair();
      for (let at = 0; at < bytes.length; at += size) host.write(bytes.subarray(at, at + size));
      const begun: string[] = [];
      const { text, stream } = await readGreeting(guest, { begun: () => void begun.push("begun") });
      assert.equal(text, "stream-1");
      assert.deepEqual(begun, ["begun"]);
      host.write(Buffer.from(" and more"));
      host.end();
      assert.equal(await readToEnd(stream), "payload and more", `pieces of ${size}`);
    }
  });

  it("holds back everything while nobody has opened the rest, and while that one pauses", async () => {
    const [host, guest] = memoryStreamPair();
    host.write(Buffer.concat([encodeGreeting("id"), Buffer.from("rest")]));
    const { stream } = await readGreeting(guest);
    host.end();
    const seen: string[] = [];
    const handler = {
      data: (chunk: Uint8Array) => void seen.push(Buffer.from(chunk).toString()),
      end: () => void seen.push("end"),
      drain() {},
      close: () => void seen.push("close"),
    };
    stream.pause();
    stream.open(handler);
    await new Promise(setImmediate);
    assert.deepEqual(seen, []);
    stream.resume();
    await new Promise(setImmediate);
    assert.deepEqual(seen, ["rest", "end"]);
    stream.end();
    await new Promise(setImmediate);
    assert.deepEqual(seen, ["rest", "end", "close"]);
    assert.throws(() => stream.open(handler), TypeError);
  });

  it("pushes back: a writer is told to wait while the rest is not read, and to go on after it", async () => {
    const [host, guest] = memoryStreamPair();
    let drained = 0;
    const drain = (): void => {
      drained += 1;
    };
    host.open({ data() {}, end() {}, drain, close() {} });
    host.write(encodeGreeting("id"));
    const { stream } = await readGreeting(guest);
    assert.equal(host.write(new Uint8Array(128 * 1024)), false);
    await new Promise(setImmediate);
    assert.equal(drained, 0);
    let bytes = 0;
    const data = (chunk: Uint8Array): void => {
      bytes += chunk.length;
    };
    stream.open({ data, end() {}, drain() {}, close() {} });
    await until("the writer may go on", () => drained > 0);
    assert.equal(bytes, 128 * 1024);
  });

  for (const [what, bytes] of [
    ["of no length", [0, 0, 0, 0]],
    ["above the limit", [0, 0, 4, 1]],
    ["with a length that would not fit in memory", [0xff, 0xff, 0xff, 0xff]],
    ["that is not UTF-8", [0, 0, 0, 2, 0xc3, 0x28]],
  ] as const) {
    it(`is refused ${what}, with no byte of its text awaited`, async () => {
      const [host, guest] = memoryStreamPair();
      host.write(Uint8Array.from(bytes));
      const closed = readToEnd(host);
      await assert.rejects(readGreeting(guest), invalid);
      await assert.rejects(closed, (error) => isKind(error, "unavailable"));
    });
  }

  it("is missed by a peer that ends or resets before it is whole", async () => {
    for (const leave of [(host: ByteStream) => host.end(), (host: ByteStream) => host.destroy()]) {
      const [host, guest] = memoryStreamPair();
      host.write(encodeGreeting("half").subarray(0, 6));
      leave(host);
      await assert.rejects(readGreeting(guest), (error) => isKind(error, "unavailable"));
    }
  });

  it("is waited for until the signal aborts", async () => {
    const [host, guest] = memoryStreamPair();
    const signal = AbortSignal.abort(new Error("enough"));
    await assert.rejects(readGreeting(guest, { signal }), /enough/);
    const closed = readToEnd(host);
    await assert.rejects(closed, (error) => isKind(error, "unavailable"));
  });

  it("names a stream from the host's side, or says the guest's sentence", async () => {
    const [host, guest] = memoryStreamPair();
    const named = nameStream(host, "id-7");
    const { text, stream } = await readGreeting(guest);
    assert.equal(text, "id-7");
    stream.write(encodeGreeting("id-7"));
    stream.write(Buffer.from("hello"));
    stream.end();
    assert.equal(await readToEnd(await named), "hello");

    const [again, refusing] = memoryStreamPair();
    const refused = nameStream(again, "id-7");
    refusing.write(encodeGreeting("a stream of this id waits already"));
    refusing.end();
    await assert.rejects(
      refused,
      (error: Error) => isKind(error, "failed-precondition") && error.message.includes("this id waits already"),
    );
  });
});
