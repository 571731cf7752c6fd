import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ByteStream } from "../sys/byte-stream.ts";
import { memoryStreamPair } from "./memory-stream.ts";
import { splice } from "./splice.ts";

/** All that came until the end, and how it closed. */
function read(stream: ByteStream, ended: () => void = () => {}): Promise<{ bytes: Buffer; error: Error | undefined }> {
  const chunks: Uint8Array[] = [];
  return new Promise((resolve) =>
    stream.open({
      data: (chunk) => chunks.push(chunk),
      end: ended,
      drain() {},
      close: (error) => resolve({ bytes: Buffer.concat(chunks), error }),
    }),
  );
}

describe("splice", () => {
  it("carries both ways; one half's end leaves the other open", async () => {
    const [client, a] = memoryStreamPair();
    const [b, server] = memoryStreamPair();
    const done = splice(a, b);
    const asked = read(server, () => {
      server.write(Buffer.from("answer, after the question's end"));
      server.end();
    });
    const answered = read(client);
    client.write(Buffer.from("question"));
    client.end();
    assert.equal((await asked).bytes.toString(), "question");
    assert.equal((await answered).bytes.toString(), "answer, after the question's end");
    await done;
  });

  it("holds a fast sender back, and loses nothing of megabytes", async () => {
    const [client, a] = memoryStreamPair();
    const [b, server] = memoryStreamPair();
    const done = splice(a, b);
    const chunk = Buffer.alloc(64 * 1024, 7);
    let left = 64;
    let waited = 0;
    const send = (): void => {
      while (left > 0) {
        left -= 1;
        if (!client.write(Buffer.from(chunk))) {
          waited += 1;
          return;
        }
      }
      client.end();
    };
    client.open({ data() {}, end() {}, drain: send, close() {} });
    const received = read(server, () => server.end());
    send();
    assert.equal((await received).bytes.byteLength, 64 * chunk.byteLength);
    assert.ok(waited > 0, "the sender was never asked to wait");
    await done;
  });

  it("resets the one where the other is reset", async () => {
    const [client, a] = memoryStreamPair();
    const [b, server] = memoryStreamPair();
    const done = splice(a, b);
    const cut = read(server);
    client.open({ data() {}, end() {}, drain() {}, close() {} });
    client.destroy(new Error("planted"));
    assert.ok((await cut).error);
    await done;
  });
});
