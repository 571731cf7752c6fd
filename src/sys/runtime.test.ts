import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runtime } from "#runtime";
import { leakedFds, openFds } from "./fd-leaks.ts";
import { listenUnix } from "./libc-socket.ts";
import { pattern, Recorder } from "./stream-recorder.ts";
import { SysError } from "./sys-error.ts";

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
describe(`sockets of ${runtime.name}`, () => {
  let directory: string;
  let fdsBefore = openFds();
  let serial = 0;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "uvm-runtime-"));
    // The first listener makes the runtime open what it keeps for good.
    (await pair()).close();
    await turn();
    fdsBefore = openFds();
  });
  after(async () => {
    assert.deepEqual(await leakedFds(fdsBefore), []);
    rmSync(directory, { recursive: true });
  });

  async function pair(openServer = true) {
    const path = join(directory, `${serial++}.sock`);
    const accepted = deferred<Recorder>();
    const server = await runtime.listen({ path }, (stream) => accepted.resolve(new Recorder(stream, openServer)));
    const client = new Recorder(await runtime.connect(path));
    const peer = await accepted.promise;
    return {
      client,
      peer,
      close() {
        server.close();
        client.stream.destroy();
        peer.stream.destroy();
      },
    };
  }

  it("carries bytes both ways and half-closes each way", async () => {
    const { client, peer, close } = await pair();
    assert.equal(client.stream.write(Buffer.from("ping")), true);
    client.stream.end();
    await peer.seen("end");
    assert.equal(peer.text(), "ping");
    assert.deepEqual(client.events, []);
    peer.stream.write(Buffer.from("pong"));
    peer.stream.end();
    await Promise.all([client.seen("close"), peer.seen("close")]);
    assert.equal(client.text(), "pong");
    assert.deepEqual(client.events, ["data", "end", "close"]);
    assert.deepEqual(peer.events, ["data", "end", "close"]);
    assert.equal(client.error, undefined);
    assert.equal(peer.error, undefined);
    close();
  });

  it("delivers nothing before open, and loses nothing", async () => {
    const { client, peer, close } = await pair(false);
    client.stream.write(Buffer.from("early"));
    client.stream.end();
    await turn();
    await turn();
    assert.deepEqual(peer.events, []);
    peer.open();
    await peer.seen("end");
    assert.equal(peer.text(), "early");
    close();
  });

  it("keeps what a peer sent before it went away while we were paused", async () => {
    const { client, peer, close } = await pair();
    peer.stream.pause();
    const sent = pattern(100_000);
    client.stream.write(sent.slice());
    client.stream.end();
    await turn();
    client.stream.destroy();
    await client.seen("close");
    await turn();
    assert.deepEqual(peer.events, [], "end is held back while paused");
    peer.stream.resume();
    await peer.seen("end");
    assert.deepEqual(Buffer.concat(peer.chunks), Buffer.from(sent));
    close();
  });

  it("keeps what a peer sends after our own half-close, paused or not", async () => {
    const { client, peer, close } = await pair();
    client.stream.pause();
    client.stream.end();
    await peer.seen("end");
    const sent = pattern(100_000);
    peer.stream.write(sent.slice());
    peer.stream.end();
    await turn();
    await turn();
    assert.deepEqual(client.events, []);
    client.stream.resume();
    await client.seen("close");
    assert.deepEqual(client.events, ["data", "end", "close"]);
    assert.equal(client.error, undefined);
    assert.deepEqual(Buffer.concat(client.chunks), Buffer.from(sent));
    close();
  });

  it("moves 20 MiB intact to a reader that pauses at every chunk, and bounds what is in between", async () => {
    const { client, peer, close } = await pair(false);
    const total = 20 << 20;
    const whole = pattern(total);
    let got = 0;
    let wrong = -1;
    const finished = deferred<void>();
    peer.stream.open({
      data(chunk) {
        if (wrong < 0 && Buffer.compare(chunk, whole.subarray(got, got + chunk.length)) !== 0) wrong = got;
        got += chunk.length;
        peer.stream.pause();
        setImmediate(() => peer.stream.resume());
      },
      end: () => finished.resolve(),
      drain() {},
      close() {},
    });
    let ahead = 0;
    for (let at = 0; at < total; at += 40_000) {
      const room = client.stream.write(whole.slice(at, at + 40_000));
      ahead = Math.max(ahead, at - got);
      if (room) continue;
      const drains = client.events.length;
      await client.until(() => client.events.length > drains);
    }
    client.stream.end();
    await finished.promise;
    assert.equal(wrong, -1, `first difference at byte ${wrong}`);
    assert.equal(got, total);
    assert.ok(ahead < 2 << 20, `the writer was let ${ahead} bytes ahead of the reader`);
    close();
  });

  it("owns neither chunk after delivery: a kept chunk stays as it was", async () => {
    const { client, peer, close } = await pair();
    for (let i = 0; i < 50; i++) {
      client.stream.write(new Uint8Array(100).fill(i));
      await peer.until(() => peer.bytes === (i + 1) * 100);
    }
    const all = Buffer.concat(peer.chunks);
    for (let i = 0; i < 50; i++) assert.equal(all[i * 100], i);
    close();
  });

  it("says close with EPIPE to who writes to a peer that is gone", async () => {
    const { client, peer, close } = await pair();
    peer.stream.destroy();
    await client.seen("end");
    assert.deepEqual(client.events, ["end"]);
    client.stream.write(Buffer.from("anybody?"));
    await client.seen("close");
    assert.ok(client.error instanceof SysError);
    assert.equal(client.error.code, "EPIPE");
    assert.equal(client.stream.write(Buffer.from("x")), false);
    close();
  });

  const nodeLoses = "Node closes a socket that it could not write to, with what that still holds";
  it("reads all that a peer sent before it went, though it cannot be written to any more", {
    skip: runtime.name === "node" && nodeLoses,
  }, async () => {
    const { client, peer, close } = await pair(false);
    client.stream.pause();
    const got: string[] = [];
    const closed = deferred<Error | undefined>();
    peer.stream.open({
      data(chunk) {
        got.push(Buffer.from(chunk).toString());
        if (got.length > 1) return;
        peer.stream.write(Buffer.from("unread by the peer"));
        client.stream.write(Buffer.from("second"));
        queueMicrotask(() => {
          client.stream.destroy();
          peer.stream.write(Buffer.from("anybody?"));
        });
      },
      end: () => got.push("end"),
      drain() {},
      close: (error) => closed.resolve(error),
    });
    client.stream.write(Buffer.from("first"));
    assert.match(String(await closed.promise), /EPIPE|ECONNRESET/);
    assert.deepEqual(got.slice(0, 2), ["first", "second"]);
    close();
  });

  it("destroy drops, closes once and tells its error", async () => {
    const { client, peer, close } = await pair();
    const why = new Error("enough");
    client.stream.destroy(why);
    client.stream.destroy();
    await client.seen("close");
    await peer.seen("end");
    assert.equal(client.error, why);
    assert.deepEqual(client.events, ["close"]);
    close();
  });

  it("rejects connect with the errno's name", async () => {
    const path = join(directory, "nobody.sock");
    await assert.rejects(runtime.connect(path), (error) => error instanceof SysError && error.code === "ENOENT");
    const signal = AbortSignal.abort(new Error("no more"));
    await assert.rejects(runtime.connect(path, { signal }), /no more/);
  });

  it("rejects listen on a path in use, and unlinks its own on close", async () => {
    const path = join(directory, "taken.sock");
    const server = await runtime.listen({ path }, () => {});
    await assert.rejects(
      runtime.listen({ path }, () => {}),
      (error) => error instanceof SysError && error.code === "EADDRINUSE" && error.path === path,
    );
    server.close();
    await turn();
    assert.equal(existsSync(path), false);
  });

  it("serves a listening fd that it is given, and keeps open connections when it closes", async () => {
    const path = join(directory, "inherited.sock");
    const accepted = deferred<Recorder>();
    const server = await runtime.listen({ fd: listenUnix(path) }, (stream) => accepted.resolve(new Recorder(stream)));
    const client = new Recorder(await runtime.connect(path));
    const peer = await accepted.promise;
    server.close();
    await turn();
    await assert.rejects(runtime.connect(path), (error) => error instanceof SysError && error.code === "ECONNREFUSED");
    client.stream.write(Buffer.from("still here"));
    client.stream.end();
    await peer.seen("end");
    assert.equal(peer.text(), "still here");
    peer.stream.end();
    await Promise.all([client.seen("close"), peer.seen("close")]);
  });
});

describe(`the heap of ${runtime.name}`, () => {
  it("in use grows by what is held", () => {
    const before = runtime.heapInUse();
    const held = Array.from({ length: 200_000 }, (_, index) => ({ index }));
    const grown = runtime.heapInUse() - before;
    assert.equal(held.length, 200_000);
    assert.ok(grown > 2_000_000, `${grown} bytes more`);
  });

  it("in use does not count garbage where it can be collected", {
    skip: runtime.name === "node" && "Node gives its collector to --expose-gc alone",
  }, () => {
    const before = runtime.heapInUse();
    Array.from({ length: 200_000 }, (_, index) => ({ index }));
    const grown = runtime.heapInUse() - before;
    assert.ok(grown < 1_000_000, `${grown} bytes more`);
  });
});

describe(`the code of ${runtime.name}`, () => {
  it("runs on when it was forgotten: what has run, what is under way, and what has not run yet", async () => {
    const steps: string[] = [];
    class Counter {
      #count = 0;
      next(): number {
        this.#count += 1;
        return this.#count;
      }
    }
    const counter = new Counter();
    // Often enough to be compiled.
    for (let i = 0; i < 20_000; i++) counter.next();
    function* generated(): Generator<string> {
      let held = "one";
      yield held;
      held += ", two";
      yield held;
    }
    const generator = generated();
    steps.push(String(generator.next().value));
    const later = () => steps.push(`later ${counter.next()}`);
    const { promise, resolve } = deferred<string>();
    const waiting = (async () => {
      const before = "before";
      steps.push(`${before} and ${await promise}`);
    })();

    runtime.forgetCode();
    // It waits until nothing runs.
    await new Promise((done) => setTimeout(done, 10));
    runtime.heapInUse();

    resolve("after");
    await waiting;
    later();
    steps.push(String(generator.next().value));
    assert.deepEqual(steps, ["one", "before and after", "later 20001", "one, two"]);
  });
});
