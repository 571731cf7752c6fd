import assert from "node:assert/strict";
import { closeSync, fstatSync, openSync } from "node:fs";
import { describe, it } from "node:test";
import { isKind } from "../errors/shim-error.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import { byteStreamSuite, StreamRecorder, turns } from "./byte-stream-suite.ts";
import { createMemorySockets } from "./memory.ts";
import { memoryStreamPair } from "./memory-stream.ts";
import type { GuestConnection } from "./sockets.ts";

byteStreamSuite("the in-memory pair", async () => {
  const [a, b] = memoryStreamPair();
  return { a, b };
});

const PORT = 0x40000001;

function streamOf(connection: GuestConnection): ByteStream {
  assert.equal(connection.kind, "stream");
  if (connection.kind !== "stream") throw new Error("unreachable");
  return connection.stream;
}

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}

describe("in-memory pair", () => {
  it("resets the other end with an error when one is destroyed, and drops what was queued", async () => {
    const [a, b] = memoryStreamPair();
    a.write(new Uint8Array(10));
    a.destroy();
    const right = new StreamRecorder(b);
    await right.seen("close");
    assert.deepEqual(right.events, ["close"]);
    assert.ok(isKind(right.closeError, "unavailable"));
  });

  it("lets the event loop turn while two ends keep each other busy", async () => {
    const [a, b] = memoryStreamPair();
    let turned = false;
    let writes = 0;
    a.open({
      data() {},
      end() {},
      close() {},
      drain() {
        while (!turned && a.write(new Uint8Array(16 * 1024))) writes++;
      },
    });
    new StreamRecorder(b);
    setTimeout(() => {
      turned = true;
    }, 0);
    while (a.write(new Uint8Array(16 * 1024))) writes++;
    while (!turned) await turns(1);
    assert.ok(writes > 0);
    a.destroy();
  });

  it("drains when there is room, not at the first byte read", async () => {
    const [a, b] = memoryStreamPair();
    const left = new StreamRecorder(a);
    const right = new StreamRecorder(b);
    right.onData = () => b.pause();
    for (let i = 0; i < 3; i++) a.write(new Uint8Array(64 * 1024));
    await right.seen("data");
    await turns();
    assert.equal(left.count("drain"), 0);
    right.onData = undefined;
    b.resume();
    await left.seen("drain");
    a.destroy();
  });

  it("opens once", () => {
    const [a] = memoryStreamPair();
    new StreamRecorder(a);
    assert.throws(() => new StreamRecorder(a), /opens once/);
  });
});

describe("in-memory sockets", () => {
  it("joins a dial with the accept that waits, and with one that comes later", async () => {
    const { host, guest } = createMemorySockets();
    const listener = host.listen(PORT);
    assert.equal(listener.port, PORT);
    const waiting = listener.accept();
    const first = streamOf(await guest.dial(PORT));
    const second = streamOf(await guest.dial(PORT));
    first.write(new TextEncoder().encode("first"));
    second.write(new TextEncoder().encode("second"));
    const one = new StreamRecorder(await waiting);
    const two = new StreamRecorder(await listener.accept());
    await one.seen("data");
    await two.seen("data");
    assert.equal(one.bytes().toString(), "first");
    assert.equal(two.bytes().toString(), "second");
    listener.close();
  });

  it("refuses a dial that nobody listens for, before and after the listener", async () => {
    const { host, guest } = createMemorySockets();
    await assert.rejects(guest.dial(PORT), (error) => isKind(error, "unavailable"));
    host.listen(PORT).close();
    await assert.rejects(guest.dial(PORT), (error) => isKind(error, "unavailable"));
  });

  it("gives a port to one owner at a time", () => {
    const { host } = createMemorySockets();
    const listener = host.listen(PORT);
    assert.throws(
      () => host.listen(PORT),
      (error) => isKind(error, "already-exists"),
    );
    const fd = openSync("/dev/null", "r");
    assert.throws(
      () => host.offerFd(PORT, fd),
      (error) => isKind(error, "already-exists"),
    );
    closeSync(fd);
    listener.close();
    listener.close();
    host.listen(PORT).close();
  });

  it("rejects accepts when the listener closes, and resets what waited", async () => {
    const { host, guest } = createMemorySockets();
    const listener = host.listen(PORT);
    const accepting = listener.accept();
    listener.close();
    await assert.rejects(accepting, (error) => isKind(error, "unavailable"));
    await assert.rejects(listener.accept(), (error) => isKind(error, "unavailable"));

    const again = host.listen(PORT);
    const dialled = new StreamRecorder(streamOf(await guest.dial(PORT)));
    again.close();
    await dialled.seen("close");
    assert.ok(isKind(dialled.closeError, "unavailable"));
  });

  it("an aborted accept takes no connection", async () => {
    const { host, guest } = createMemorySockets();
    const listener = host.listen(PORT);
    const abort = new AbortController();
    const accepting = listener.accept({ signal: abort.signal });
    abort.abort(new Error("enough"));
    await assert.rejects(accepting, /enough/);
    await assert.rejects(listener.accept({ signal: abort.signal }), /enough/);
    await guest.dial(PORT);
    assert.ok(await listener.accept());
    listener.close();
  });

  it("hands an offered fd to the next dial, once", async () => {
    const { host, guest } = createMemorySockets();
    const fd = openSync("/dev/null", "r");
    const offer = host.offerFd(PORT, fd);
    assert.equal(offer.port, PORT);
    assert.deepEqual(await guest.dial(PORT), { kind: "fd", fd });
    await assert.rejects(guest.dial(PORT), (error) => isKind(error, "unavailable"));
    offer.withdraw();
    assert.ok(isOpen(fd), "a dialled fd belongs to the dialler");
    closeSync(fd);
  });

  it("closes the fd of an offer that is withdrawn", () => {
    const { host } = createMemorySockets();
    const fd = openSync("/dev/null", "r");
    const offer = host.offerFd(PORT, fd);
    offer.withdraw();
    assert.ok(!isOpen(fd));
    offer.withdraw();
    host.listen(PORT).close();
  });
});
