import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isKind } from "../../errors/shim-error.ts";
import { parseStdio } from "../../stdio/uri.ts";
import { memoryStreamPair } from "../../transport/memory-stream.ts";
import { readAll } from "../stdio/read-all.ts";
import { StdioStreams } from "./stdio-streams.ts";

function claimed() {
  const [host, guest] = memoryStreamPair();
  const claim = new StdioStreams({ claim: () => guest }).claim("id");
  return { host, claim };
}
const closed = { data() {}, end() {}, drain() {} };
const gone = (error: unknown): boolean => isKind(error, "unavailable");

describe("the agent's streams as stdio", () => {
  it("are named by stream:// and any id", () => {
    const streams = new StdioStreams({ claim: () => assert.fail() });
    assert.deepEqual(parseStdio(streams.uri("stream://c1-stdin/ä?&x=%")), {
      scheme: "ttrpc+unix",
      path: streams.socketPath,
      id: "c1-stdin/ä?&x=%",
    });
    assert.equal(streams.uri("/run/fifo"), "/run/fifo");
    assert.equal(streams.uri(""), "");
  });

  it("bring stdin to its end, and nobody comes after it", async () => {
    const { host, claim } = claimed();
    host.write(Buffer.from("one"));
    host.write(Buffer.from("two"));
    host.end();
    const peer = await claim.peer();
    assert.deepEqual([`${await peer.read()}`, `${await peer.read()}`], ["one", "two"]);
    assert.equal(await peer.read(), undefined);
    assert.equal(claim.attached, true);
    peer.finish();
    assert.equal(claim.attached, false);
    await assert.rejects(claim.peer(), gone);
    assert.equal(await readAll(host, 10), "", "ends in good order");
  });

  it("take output though the host has ended its half, and count it as delivered with its end", async () => {
    const { host, claim } = claimed();
    host.end();
    const peer = await claim.peer();
    assert.equal(await peer.write(Buffer.from("output")), 6);
    peer.end();
    await peer.ended;
    peer.finish();
    assert.equal(await readAll(host, 10), "output");
  });

  it("make the writer wait for a host that does not read", async () => {
    const { host, claim } = claimed();
    const peer = await claim.peer();
    const bytes = 256 * 1024;
    let written = false;
    const writing = peer.write(new Uint8Array(bytes)).then(() => {
      written = true;
    });
    await new Promise(setImmediate);
    assert.equal(written, false);
    const reading = readAll(host, bytes);
    await writing;
    claim.release();
    await reading;
  });

  it("tell of a host that is gone, and a host of a reader that is", async () => {
    const left = claimed();
    const peer = await left.claim.peer();
    const reading = peer.read();
    left.host.destroy();
    await assert.rejects(reading, gone);
    await assert.rejects(peer.write(Buffer.from("x")), gone);
    await peer.ended;
    peer.finish();

    const { host, claim } = claimed();
    const reset = new Promise<Error | undefined>((close) => host.open({ ...closed, close }));
    claim.release();
    assert.ok((await reset) !== undefined);
  });
});
