import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Status } from "../generated/google/rpc.ts";
import { FrameFlags, FrameType, maxPayloadLength } from "./frame.ts";
import { queueLimit } from "./receive-queue.ts";
import { clientWithPeer, deferred, isKind, Probe, serverWithClient, serverWithPeer, text } from "./testing.ts";

const closeFlags = FrameFlags.remoteClosed | FrameFlags.noData;
const noBytes = new Uint8Array(0);

describe("streams", () => {
  it("100 messages bidi echo, then CloseSend, then EOF", async () => {
    const { server, probe } = serverWithClient({
      async talk(stream) {
        for await (const message of stream) await stream.send(message);
      },
    });
    const stream = probe.talk();
    for (let code = 0; code < 100; code += 1) {
      await stream.send(text("ping", code));
      assert.deepEqual(await stream.receive(), text("ping", code));
    }
    stream.closeSend();
    stream.closeSend();
    assert.equal(await stream.receive(), undefined);
    assert.equal(await stream.receive(), undefined);
    server.close();
  });

  it("client stream, server stream, and empty messages in both", async () => {
    const { server, probe } = serverWithClient({
      async collect(requests) {
        const seen: Status[] = [];
        for await (const request of requests) seen.push(request);
        return text(seen.map(({ message }) => message).join("|"), seen.length);
      },
      async spread(request, responses) {
        for (let count = 0; count < request.code; count += 1) await responses.send(text(""));
      },
    });
    const call = probe.collect();
    for (const message of ["a", "", "", "b"]) await call.send(text(message));
    assert.deepEqual(await call.closeAndReceive(), text("a|||b", 4));
    const seen: Status[] = [];
    for await (const message of probe.spread(text("", 5))) seen.push(message);
    assert.deepEqual(
      seen,
      Array.from({ length: 5 }, () => text("")),
    );
    server.close();
  });

  it("StreamNotConsumedDoesNotBlockConnection: unary calls go on beside a stream that nobody reads", async () => {
    const { server, probe } = serverWithClient({
      unary: (request) => request,
      async spread(_request, responses) {
        for (let count = 0; count < 10 * queueLimit; count += 1) await responses.send(text("", count));
      },
    });
    const unread = probe.spread(text(""));
    for (let count = 0; count < 50; count += 1) assert.equal((await probe.unary(text("", count))).code, count);
    // The server has ended the stream, so nothing more can pile up: what did is not thrown away.
    let received = 0;
    for await (const _ of unread) received += 1;
    assert.equal(received, 10 * queueLimit);
    server.close();
  });

  it("StreamFullOnClient: full for a second fails that stream only", async () => {
    const { client, probe, peer } = clientWithPeer();
    const [full, fine] = [probe.talk(), probe.talk()];
    for (let count = 0; count <= queueLimit; count += 1) peer.data(1, noBytes);
    peer.data(3, Status.encode(text("fine")));
    assert.equal((await fine.receive())?.message, "fine");
    // The only way to wait without reading: a send fails once the stream has.
    const failed = async (): Promise<void> => {
      for (;;) {
        await full.send(text(""));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    await assert.rejects(failed(), isKind("resource-exhausted"));
    await assert.rejects(full.receive(), isKind("resource-exhausted"));
    peer.data(3, noBytes, closeFlags);
    assert.equal(await fine.receive(), undefined);
    client.close();
  });

  it("StreamFullOnServer: the server answers and closes the stream, the connection lives on", async () => {
    const aborted = deferred<unknown>();
    const { server, peer } = serverWithPeer({
      unary: (request) => request,
      talk: (_stream, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () => {
            aborted.resolve(signal.reason);
            resolve();
          });
        }),
    });
    peer.request(1, { service: Probe.name, method: "Talk" }, FrameFlags.remoteOpen);
    for (let count = 0; count <= queueLimit; count += 1) peer.data(1, noBytes);
    peer.request(3, { service: Probe.name, method: "Unary" });
    assert.equal((await peer.response()).streamId, 3);
    const { streamId, response } = await peer.response();
    assert.deepEqual([streamId, response.status?.code], [1, 8]);
    assert.ok(isKind("resource-exhausted")(await aborted.promise));
    peer.request(5, { service: Probe.name, method: "Unary" });
    assert.equal((await peer.response()).streamId, 5);
    server.close();
  });

  it("a flood beyond the memory of one stream fails it at once", async () => {
    const { server, peer } = serverWithPeer({ talk: () => new Promise(() => {}) });
    peer.request(1, { service: Probe.name, method: "Talk" }, FrameFlags.remoteOpen);
    const large = new Uint8Array(1 << 20);
    for (let count = 0; count < 70; count += 1) peer.data(1, large);
    const { response } = await peer.response();
    assert.equal(response.status?.code, 8);
    assert.match(response.status?.message ?? "", /unread bytes/);
    server.close();
  });

  it("Send after CloseSend fails; Send after the server's end fails; both say why", async () => {
    const { client, probe, peer } = clientWithPeer();
    const [closed, ended, failed] = [probe.talk(), probe.talk(), probe.talk()];
    closed.closeSend();
    await assert.rejects(closed.send(text("")), isKind("failed-precondition", /is closed; cannot send/));
    peer.data(3, noBytes, closeFlags);
    peer.respond(5, { status: text("no more", 9) });
    assert.equal(await ended.receive(), undefined);
    await assert.rejects(ended.send(text("")), isKind("failed-precondition", /server has ended/));
    await assert.rejects(failed.receive(), isKind("failed-precondition", "no more"));
    await assert.rejects(failed.send(text("")), isKind("failed-precondition", "no more"));
    client.close();
  });

  it("an oversize message fails its send and nothing else", async () => {
    const { server, probe } = serverWithClient({
      async talk(stream) {
        await assert.rejects(stream.send(text("x".repeat(maxPayloadLength))), isKind("resource-exhausted"));
        for await (const message of stream) await stream.send(message);
      },
    });
    const stream = probe.talk();
    await assert.rejects(stream.send(text("x".repeat(maxPayloadLength))), isKind("resource-exhausted"));
    await stream.send(text("small"));
    assert.equal((await stream.receive())?.message, "small");
    server.close();
  });

  it("a server's last message may come with the close, and a stream may end by RESPONSE", async () => {
    const { client, probe, peer } = clientWithPeer();
    const [withClose, byResponse] = [probe.spread(text("")), probe.spread(text(""))];
    peer.data(1, Status.encode(text("last")), FrameFlags.remoteClosed);
    assert.equal((await withClose.receive())?.message, "last");
    assert.equal(await withClose.receive(), undefined);
    peer.data(3, Status.encode(text("one")));
    peer.respond(3, {});
    assert.equal((await byResponse.receive())?.message, "one");
    assert.equal(await byResponse.receive(), undefined);
    client.close();
  });

  it("a client stream answered by DATA instead of RESPONSE, as Rust's ttrpc may", async () => {
    const { client, probe, peer } = clientWithPeer();
    const call = probe.collect();
    peer.data(1, Status.encode(text("sum")));
    peer.data(1, noBytes, closeFlags);
    assert.equal((await call.closeAndReceive()).message, "sum");
    client.close();
  });

  it("a client stream that ends without a response is the server's fault", async () => {
    const { client, probe, peer } = clientWithPeer();
    const call = probe.collect();
    peer.data(1, noBytes, closeFlags);
    await assert.rejects(call.closeAndReceive(), isKind("internal", /without a response/));
    client.close();
  });

  it("what was received before an error is read before it", async () => {
    const { client, probe, peer } = clientWithPeer();
    const stream = probe.spread(text(""));
    peer.data(1, Status.encode(text("one")));
    peer.respond(1, { status: text("then it broke", 13) });
    assert.equal((await stream.receive())?.message, "one");
    await assert.rejects(stream.receive(), isKind("internal", "then it broke"));
    client.close();
  });

  it("what was received before the connection ended is read before that is told, by a client", async () => {
    const { probe, peer } = clientWithPeer();
    const stream = probe.spread(text(""));
    peer.data(1, Status.encode(text("one")));
    peer.data(1, Status.encode(text("two")));
    peer.stream.end();
    await peer.closed;
    assert.equal((await stream.receive())?.message, "one");
    assert.equal((await stream.receive())?.message, "two");
    await assert.rejects(stream.receive(), isKind("unavailable", "ttrpc: closed"));
  });

  it("what was received before the connection ended is read before that is told, by a server", async () => {
    const gone = deferred<void>();
    const seen: string[] = [];
    const told = deferred<unknown>();
    const { client, probe } = serverWithClient({
      async collect(call, { signal }) {
        signal.addEventListener("abort", () => gone.resolve());
        await gone.promise;
        try {
          for await (const { message } of call) seen.push(message);
        } catch (error) {
          told.resolve(error);
        }
        return text("");
      },
    });
    const call = probe.collect();
    await call.send(text("one"));
    await call.send(text("two"));
    client.close();
    assert.match(String(await told.promise), /the client's connection is gone|closed/);
    assert.deepEqual(seen, ["one", "two"]);
  });

  it("the close goes in a frame of its own", async () => {
    const { client, probe, peer } = clientWithPeer();
    const call = probe.collect();
    await call.send(text("a"));
    void call.closeAndReceive().catch(() => {});
    const frames = [await peer.frame(), await peer.frame(), await peer.frame()];
    assert.deepEqual(
      frames.map((frame) => [frame?.type, frame?.flags, frame?.payloadLength === 0]),
      [
        [FrameType.request, FrameFlags.remoteOpen, false],
        [FrameType.data, 0, false],
        [FrameType.data, closeFlags, true],
      ],
    );
    client.close();
  });

  it("send waits for a peer that does not read, and goes on when it does", async () => {
    const sent: number[] = [];
    const { server, peer } = serverWithPeer({
      async spread(_request, responses) {
        for (let count = 0; count < 100; count += 1) {
          await responses.send(text("s".repeat(100_000)));
          sent.push(count);
        }
      },
    });
    peer.stream.pause();
    peer.request(1, { service: Probe.name, method: "Spread" }, FrameFlags.remoteClosed);
    // Every turn of the loop is a chance to send more; a thousand turns without progress is a wait.
    for (let idle = 0, last = 0; idle < 1000; idle = sent.length === last ? idle + 1 : 0) {
      last = sent.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(sent.length > 0 && sent.length < 30, `${sent.length} messages of 100 kB were sent unread`);
    peer.stream.resume();
    let received = 0;
    for (let frame = await peer.frame(); frame?.flags === 0; frame = await peer.frame()) received += 1;
    assert.equal(received, 100);
    server.close();
  });

  it("leaving a loop early gives the call up", async () => {
    const { client, probe, peer } = clientWithPeer();
    const stream = probe.spread(text(""));
    peer.data(1, Status.encode(text("one")));
    peer.data(1, Status.encode(text("two")));
    for await (const { message } of stream) {
      assert.equal(message, "one");
      break;
    }
    await assert.rejects(stream.receive(), isKind("canceled"));
    client.close();
  });

  it("EchoNullStream: 1000 streams at once on one connection", async () => {
    const { server, probe } = serverWithClient({
      async talk(stream) {
        for await (const message of stream) await stream.send(message);
      },
    });
    const talk = async (code: number): Promise<number | undefined> => {
      const stream = probe.talk();
      await stream.send(text("", code));
      stream.closeSend();
      const answer = await stream.receive();
      assert.equal(await stream.receive(), undefined);
      return answer?.code;
    };
    const codes = await Promise.all(Array.from({ length: 1000 }, (_, code) => talk(code)));
    assert.deepEqual(
      codes,
      codes.map((_, code) => code),
    );
    server.close();
  });

  it("a server may close its half before its handler returns", async () => {
    const release = deferred();
    const { server, probe } = serverWithClient({
      async talk(stream) {
        await stream.send(text("only"));
        stream.closeSend();
        await assert.rejects(stream.send(text("")), isKind("failed-precondition"));
        await release.promise;
      },
    });
    const stream = probe.talk();
    assert.equal((await stream.receive())?.message, "only");
    assert.equal(await stream.receive(), undefined);
    release.resolve();
    await server.shutdown();
  });

  it("a graceful shutdown waits for streams too", async () => {
    const { server, probe } = serverWithClient({
      async talk(stream) {
        for await (const message of stream) await stream.send(message);
      },
    });
    const stream = probe.talk();
    await stream.send(text("before"));
    assert.equal((await stream.receive())?.message, "before");
    const shutdown = server.shutdown();
    await stream.send(text("during"));
    assert.equal((await stream.receive())?.message, "during");
    stream.closeSend();
    assert.equal(await stream.receive(), undefined);
    await shutdown;
  });
});
