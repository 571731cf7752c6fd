import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Status } from "../generated/google/rpc.ts";
import type { Request } from "../generated/ttrpc.ts";
import { encodeFrame, FrameFlags, FrameType, maxPayloadLength } from "./frame.ts";
import { deferred, isKind, Probe, type RawPeer, requestFrame, serverWithPeer, text } from "./testing.ts";

/** The server against a peer that keeps no rule (reference: containerd-shim 2.2 to 2.4 and the negative set of 2.8). */
const call = (method: string, message = "", code = 0): Partial<Request> => ({
  service: Probe.name,
  method,
  payload: Status.encode(text(message, code)),
});

const echo = { unary: (request: Status) => request };
const closeFlags = FrameFlags.remoteClosed | FrameFlags.noData;
const noBytes = new Uint8Array(0);

async function assertRejected(peer: RawPeer, streamId: number, code: number, message: string | RegExp): Promise<void> {
  const answer = await peer.response();
  assert.equal(answer.streamId, streamId);
  assert.equal(answer.response.status?.code, code);
  if (typeof message === "string") assert.equal(answer.response.status?.message, message);
  else assert.match(answer.response.status?.message ?? "", message);
}

async function assertAlive(peer: RawPeer, streamId: number): Promise<void> {
  peer.request(streamId, call("Unary", "alive"));
  const answer = await peer.response();
  assert.equal(answer.streamId, streamId);
  assert.equal(Status.decode(answer.response.payload).message, "alive");
}

describe("wire rules of the server (negative set)", () => {
  it("even id: InvalidArgument on that id", async () => {
    const { server, peer } = serverWithPeer(echo);
    peer.request(2, call("Unary"));
    await assertRejected(peer, 2, 3, "StreamID must be odd for client initiated streams");
    await assertAlive(peer, 1);
    server.close();
  });

  it("reused id and lower id: InvalidArgument", async () => {
    const { server, peer } = serverWithPeer(echo);
    await assertAlive(peer, 5);
    peer.request(5, call("Unary"));
    await assertRejected(peer, 5, 3, "StreamID cannot be re-used and must increment");
    peer.request(3, call("Unary"));
    await assertRejected(peer, 3, 3, "StreamID cannot be re-used and must increment");
    await assertAlive(peer, 7);
    server.close();
  });

  it("the highest id is served; after it there is none", async () => {
    const { server, peer } = serverWithPeer(echo);
    await assertAlive(peer, 0xffffffff);
    peer.request(1, call("Unary"));
    await assertRejected(peer, 1, 3, "StreamID cannot be re-used and must increment");
    server.close();
  });

  it("DATA on an unknown id: InvalidArgument, not fatal", async () => {
    const { server, peer } = serverWithPeer(echo);
    peer.data(9, Uint8Array.of(1));
    await assertRejected(peer, 9, 3, "StreamID is no longer active");
    await assertAlive(peer, 11);
    server.close();
  });

  it("DATA on a finished stream: InvalidArgument", async () => {
    const { server, peer } = serverWithPeer({ ...echo, collect: () => text("done") });
    peer.request(1, { service: Probe.name, method: "Collect" }, FrameFlags.remoteOpen);
    assert.equal(Status.decode((await peer.response()).response.payload).message, "done");
    peer.data(1, Status.encode(text("late")));
    await assertRejected(peer, 1, 3, "StreamID is no longer active");
    await assertAlive(peer, 3);
    server.close();
  });

  it("DATA on a unary call fails that call alone (Go crashes)", async () => {
    const aborted = deferred<unknown>();
    const { server, peer } = serverWithPeer({
      ...echo,
      hold(_request, { signal }) {
        signal.addEventListener("abort", () => aborted.resolve(signal.reason));
        return new Promise(() => {});
      },
    });
    peer.request(1, call("Hold"));
    peer.data(1, Uint8Array.of(1));
    await assertRejected(peer, 1, 3, /is unary; cannot take data/);
    assert.ok(isKind("invalid-argument")(await aborted.promise));
    await assertAlive(peer, 3);
    server.close();
  });

  it("DATA after the client closed its half fails that stream", async () => {
    const { server, peer } = serverWithPeer({ ...echo, collect: () => new Promise(() => {}) });
    peer.request(1, { service: Probe.name, method: "Collect" }, FrameFlags.remoteOpen);
    peer.data(1, noBytes, closeFlags);
    peer.data(1, Status.encode(text("more")));
    await assertRejected(peer, 1, 3, /is closed; cannot take data/);
    await assertAlive(peer, 3);
    server.close();
  });

  it("REQUEST with flags 0x04: the flags of a unary request mean nothing", async () => {
    const { server, peer } = serverWithPeer(echo);
    peer.request(1, call("Unary", "flagged"), FrameFlags.noData);
    assert.equal(Status.decode((await peer.response()).response.payload).message, "flagged");
    server.close();
  });

  it("zero-length REQUEST: an empty service is unimplemented", async () => {
    const { server, peer } = serverWithPeer(echo);
    peer.write(encodeFrame(1, FrameType.request, 0, noBytes));
    await assertRejected(peer, 1, 12, "service ");
    await assertAlive(peer, 3);
    server.close();
  });

  it("garbage protobuf: InvalidArgument, for the envelope and for the message in it", async () => {
    const { server, peer } = serverWithPeer(echo);
    peer.write(encodeFrame(1, FrameType.request, 0, Uint8Array.of(0xff, 0xff, 0xff)));
    await assertRejected(peer, 1, 3, /^unmarshal request error/);
    peer.request(3, { ...call("Unary"), payload: Uint8Array.of(0x0a, 0x7f) });
    await assertRejected(peer, 3, 3, /malformed/);
    await assertAlive(peer, 5);
    server.close();
  });

  it("types 0, 7 and 255 are ignored; so is a RESPONSE", async () => {
    const { server, peer } = serverWithPeer(echo);
    for (const type of [0, 7, 255, FrameType.response]) peer.write(encodeFrame(1, type, 0, Uint8Array.of(1)));
    peer.write(encodeFrame(2, FrameType.response, 0, noBytes));
    await assertAlive(peer, 1);
    server.close();
  });

  it("ping probe: ten zero bytes are answered by an error on stream 0", async () => {
    const { server, peer } = serverWithPeer(echo);
    peer.write(new Uint8Array(10));
    await assertRejected(peer, 0, 3, "StreamID must be odd for client initiated streams");
    await assertAlive(peer, 1);
    server.close();
  });

  it("oversize REQUEST: ResourceExhausted with the length, the connection continues", async () => {
    const { server, peer } = serverWithPeer(echo);
    const length = maxPayloadLength + 1;
    peer.write(oversizeHeader(length, 1, FrameType.request));
    peer.write(new Uint8Array(length));
    await assertRejected(peer, 1, 8, `message length ${length} exceed maximum message size of 4194304`);
    await assertAlive(peer, 3);
    server.close();
  });

  it("oversize DATA ends its stream, and its handler knows", async () => {
    const failed = deferred<unknown>();
    const { server, peer } = serverWithPeer({
      ...echo,
      async collect(requests) {
        await requests.receive().catch(failed.resolve);
        return text("");
      },
    });
    peer.request(1, { service: Probe.name, method: "Collect" }, FrameFlags.remoteOpen);
    peer.write(oversizeHeader(maxPayloadLength + 1, 1, FrameType.data));
    await assertRejected(peer, 1, 8, /^message length/);
    assert.ok(isKind("resource-exhausted")(await failed.promise));
    peer.write(new Uint8Array(maxPayloadLength + 1));
    await assertAlive(peer, 3);
    server.close();
  });

  it("half a header, then EOF: the connection ends, the server says why", async () => {
    const errors: string[] = [];
    const { server, peer } = serverWithPeer(echo, { onConnectionError: ({ kind }) => errors.push(kind) });
    peer.write(new Uint8Array(5));
    peer.stream.end();
    await peer.closed;
    assert.deepEqual(errors, ["data-loss"]);
    assert.equal(server.connectionCount, 0);
  });

  it("two frames in one chunk, and one frame byte by byte", async () => {
    const { server, peer } = serverWithPeer(echo);
    const frames = [requestFrame(1, call("Unary", "a")), requestFrame(3, call("Unary", "b"))];
    peer.write(new Uint8Array(Buffer.concat(frames)));
    for (const message of ["a", "b"]) {
      assert.equal(Status.decode((await peer.response()).response.payload).message, message);
    }
    for (const byte of requestFrame(5, call("Unary", "c"))) peer.write(Uint8Array.of(byte));
    assert.equal(Status.decode((await peer.response()).response.payload).message, "c");
    server.close();
  });

  it("connection drop mid-stream cancels the handler", async () => {
    const reasons: unknown[] = [];
    const over = deferred();
    const { server, peer } = serverWithPeer({
      async talk(stream, { signal }) {
        await stream.receive();
        await stream.receive().catch((error: unknown) => reasons.push(error));
        await stream.send(text("nobody hears")).catch((error: unknown) => reasons.push(error));
        reasons.push(signal.reason);
        over.resolve();
      },
    });
    peer.request(1, { service: Probe.name, method: "Talk" }, FrameFlags.remoteOpen);
    peer.data(1, Status.encode(text("hello")));
    setImmediate(() => peer.stream.destroy());
    await over.promise;
    assert.ok(isKind("unavailable", "ttrpc: closed")(reasons[0]));
    assert.ok(isKind("canceled")(reasons[1]));
    assert.ok(isKind("canceled")(reasons[2]));
    assert.equal(server.connectionCount, 0);
  });

  it("a close that carries a message delivers it (PROTOCOL.md; Go refuses)", async () => {
    const { server, peer } = serverWithPeer({
      async collect(requests) {
        const all: string[] = [];
        for await (const { message } of requests) all.push(message);
        return text(all.join());
      },
    });
    peer.request(1, { service: Probe.name, method: "Collect" }, FrameFlags.remoteOpen);
    peer.data(1, Status.encode(text("one")));
    peer.data(1, Status.encode(text("two")), FrameFlags.remoteClosed);
    assert.equal(Status.decode((await peer.response()).response.payload).message, "one,two");
    server.close();
  });

  it("DATA with noData alone is no message; an empty payload without it is one", async () => {
    const { server, peer } = serverWithPeer({
      async collect(requests) {
        let count = 0;
        for await (const _ of requests) count += 1;
        return text("", count);
      },
    });
    peer.request(1, { service: Probe.name, method: "Collect" }, FrameFlags.remoteOpen);
    peer.data(1, noBytes, FrameFlags.noData);
    peer.data(1, noBytes);
    peer.data(1, noBytes, FrameFlags.remoteClosed);
    assert.equal(Status.decode((await peer.response()).response.payload).code, 2);
    server.close();
  });

  it("a payload in the opening request is the first message; an opening that is closed too ends there", async () => {
    const { server, peer } = serverWithPeer({
      async collect(requests) {
        const all: string[] = [];
        for await (const { message } of requests) all.push(message);
        return text(all.join());
      },
    });
    peer.request(1, call("Collect", "first"), FrameFlags.remoteOpen);
    peer.data(1, noBytes, closeFlags);
    assert.equal(Status.decode((await peer.response()).response.payload).message, "first");
    peer.request(3, call("Collect", "only"), FrameFlags.remoteClosed);
    assert.equal(Status.decode((await peer.response()).response.payload).message, "only");
    server.close();
  });

  it("a server stream ends by DATA 0x05, a failing one by RESPONSE", async () => {
    const { server, peer } = serverWithPeer({
      async spread({ code }, responses) {
        await responses.send(text("part"));
        if (code !== 0) throw new Error("broke");
      },
    });
    peer.request(1, call("Spread"), FrameFlags.remoteClosed);
    const [data, end] = [await peer.frame(), await peer.frame()];
    assert.deepEqual([data?.type, data?.flags, end?.type, end?.flags], [3, 0, 3, closeFlags]);
    peer.request(3, call("Spread", "", 1), FrameFlags.remoteClosed);
    assert.equal((await peer.frame())?.type, FrameType.data);
    await assertRejected(peer, 3, 2, "broke");
    server.close();
  });
});

function oversizeHeader(length: number, streamId: number, type: number): Uint8Array {
  const header = encodeFrame(streamId, type, 0, noBytes);
  new DataView(header.buffer).setUint32(0, length);
  return header;
}
