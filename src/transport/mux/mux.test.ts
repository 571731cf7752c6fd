import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isKind } from "../../errors/shim-error.ts";
import type { ByteStream } from "../../sys/byte-stream.ts";
import { byteStreamSuite, StreamRecorder, turns } from "../byte-stream-suite.ts";
import { memoryStreamPair } from "../memory-stream.ts";
import type { GuestConnection } from "../sockets.ts";
import { GuestMux } from "./guest-mux.ts";
import { HostMux } from "./host-mux.ts";
import { CHANNEL_WINDOW, MAX_BACKLOG, MAX_CHANNELS } from "./limits.ts";

const PORT = 0x40000001;

function streamOf(connection: GuestConnection): ByteStream {
  if (connection.kind !== "stream") throw new Error("the mux knows streams only");
  return connection.stream;
}

class Joined {
  readonly host = new HostMux();
  readonly guest = new GuestMux();

  constructor() {
    const [hostCarrier, guestCarrier] = memoryStreamPair();
    void this.host.attach(hostCarrier);
    void this.guest.attach(guestCarrier);
  }

  /** Both ends of a new channel. */
  async connect(port = PORT): Promise<{ hostEnd: ByteStream; guestEnd: ByteStream }> {
    const listener = this.host.sockets.listen(port);
    const [hostEnd, dialled] = await Promise.all([listener.accept(), this.guest.sockets.dial(port)]);
    listener.close();
    return { hostEnd, guestEnd: streamOf(dialled) };
  }

  close(): void {
    this.host.destroy();
    this.guest.destroy();
  }
}

const joined = async (run: (pair: Joined) => Promise<void>): Promise<void> => {
  const pair = new Joined();
  try {
    await run(pair);
  } finally {
    pair.close();
  }
};

for (const hostFirst of [true, false]) {
  byteStreamSuite(`a channel of the mux, ${hostFirst ? "host to guest" : "guest to host"}`, async () => {
    const pair = new Joined();
    const { hostEnd, guestEnd } = await pair.connect();
    return { a: hostFirst ? hostEnd : guestEnd, b: hostFirst ? guestEnd : hostEnd, dispose: () => pair.close() };
  });
}

describe("mux sockets", () => {
  it("joins dials and accepts, whichever comes first, each to its own port", () =>
    joined(async ({ host, guest }) => {
      const one = host.sockets.listen(1);
      const two = host.sockets.listen(2);
      const waiting = one.accept();
      const toOne = streamOf(await guest.sockets.dial(1));
      const toTwo = streamOf(await guest.sockets.dial(2));
      toOne.write(Buffer.from("one"));
      toTwo.write(Buffer.from("two"));
      const atOne = new StreamRecorder(await waiting);
      const atTwo = new StreamRecorder(await two.accept());
      await atOne.seen("data");
      await atTwo.seen("data");
      assert.deepEqual([atOne.bytes().toString(), atTwo.bytes().toString()], ["one", "two"]);
    }));

  it("takes dials before there is a carrier, on either side of the host's arrival", async () => {
    const guest = new GuestMux();
    const host = new HostMux();
    const listener = host.sockets.listen(PORT);
    const early = guest.sockets.dial(PORT);
    const [hostCarrier, guestCarrier] = memoryStreamPair();
    void guest.attach(guestCarrier);
    const earlyToo = guest.sockets.dial(PORT);
    await turns();
    void host.attach(hostCarrier);
    await Promise.all([early, earlyToo, listener.accept(), listener.accept(), host.established, guest.established]);
    host.destroy();
    guest.destroy();
  });

  it("offers a dial that nobody listens for to who takes the unclaimed, who may refuse it", () =>
    joined(async ({ host, guest }) => {
      const taken: number[] = [];
      const streams: ByteStream[] = [];
      host.sockets.onUnclaimed?.((port) => {
        taken.push(port);
        return port === 7 ? (stream) => void streams.push(stream) : undefined;
      });
      const listener = host.sockets.listen(8);
      await assert.rejects(guest.sockets.dial(9), (error) => isKind(error, "unavailable"));
      await guest.sockets.dial(7);
      await guest.sockets.dial(8);
      assert.deepEqual(taken, [9, 7]);
      assert.equal(streams.length, 1);
      listener.close();
    }));

  it("refuses a dial that nobody listens for, before and after the listener", () =>
    joined(async ({ host, guest }) => {
      await assert.rejects(
        guest.sockets.dial(PORT),
        (error) => isKind(error, "unavailable") && /nobody listens on port 0x40000001/.test(String(error)),
      );
      host.sockets.listen(PORT).close();
      await assert.rejects(guest.sockets.dial(PORT), (error) => isKind(error, "unavailable"));
    }));

  it("refuses a port that is taken", () =>
    joined(async ({ host }) => {
      host.sockets.listen(PORT);
      assert.throws(
        () => host.sockets.listen(PORT),
        (error) => isKind(error, "already-exists"),
      );
    }));

  it("resets what waits at a listener that closes, and keeps what was accepted", () =>
    joined(async ({ host, guest }) => {
      const listener = host.sockets.listen(PORT);
      const kept = new StreamRecorder(streamOf(await guest.sockets.dial(PORT)));
      const atHost = await listener.accept();
      const waiting = new StreamRecorder(streamOf(await guest.sockets.dial(PORT)));
      listener.close();
      await waiting.seen("close");
      assert.ok(isKind(waiting.closeError, "unavailable"));
      atHost.write(Buffer.from("alive"));
      await kept.seen("data");
    }));

  it("refuses more than the backlog holds, and more than all channels", () =>
    joined(async ({ host, guest }) => {
      const listener = host.sockets.listen(PORT);
      for (let i = 0; i < MAX_BACKLOG; i++) await guest.sockets.dial(PORT);
      await assert.rejects(guest.sockets.dial(PORT), (error) => isKind(error, "resource-exhausted"));
      for (let i = MAX_BACKLOG; i < MAX_CHANNELS; i++) {
        await listener.accept();
        await guest.sockets.dial(PORT);
      }
      await assert.rejects(guest.sockets.dial(PORT), (error) => isKind(error, "resource-exhausted"));
      const freed = await listener.accept();
      freed.destroy();
      await turns();
      await guest.sockets.dial(PORT);
    }));

  it("aborts a dial: before it left, and while it waits for its answer", async () => {
    const guest = new GuestMux();
    const abort = new AbortController();
    const unsent = guest.sockets.dial(PORT, { signal: abort.signal });
    abort.abort(new Error("enough"));
    await assert.rejects(unsent, /enough/);
    await assert.rejects(guest.sockets.dial(PORT, { signal: abort.signal }), /enough/);

    const host = new HostMux();
    const listener = host.sockets.listen(PORT);
    const [hostCarrier, guestCarrier] = memoryStreamPair();
    void host.attach(hostCarrier);
    void guest.attach(guestCarrier);
    await guest.established;
    const later = new AbortController();
    const sent = guest.sockets.dial(PORT, { signal: later.signal });
    // The OPEN leaves in a microtask; the answer needs more than one.
    await Promise.resolve();
    later.abort(new Error("too late"));
    await assert.rejects(sent, /too late/);
    const accepted = new StreamRecorder(await listener.accept());
    await accepted.seen("close");
    assert.ok(isKind(accepted.closeError, "unavailable"));
    host.destroy();
    guest.destroy();
  });

  it("ends with everything closed: channels, dials, accepts, later calls", async () => {
    const pair = new Joined();
    const { hostEnd, guestEnd } = await pair.connect();
    const atHost = new StreamRecorder(hostEnd);
    const atGuest = new StreamRecorder(guestEnd);
    const accepting = pair.host.sockets.listen(PORT).accept();
    const reason = new Error("the VM is gone");
    pair.host.destroy(reason);
    pair.host.destroy();
    await assert.rejects(accepting, (error) => isKind(error, "unavailable"));
    assert.equal(await pair.host.ended, reason);
    await atHost.seen("close");
    assert.equal(atHost.closeError, reason);
    assert.throws(
      () => pair.host.sockets.listen(5),
      (error) => isKind(error, "unavailable"),
    );
    await assert.rejects(async () => pair.host.attach(memoryStreamPair()[0]), /mux has ended/);

    const dialling = pair.guest.sockets.dial(PORT);
    pair.guest.destroy();
    await assert.rejects(dialling, (error) => isKind(error, "unavailable"));
    await atGuest.seen("close");
    await assert.rejects(pair.guest.sockets.dial(PORT), (error) => isKind(error, "unavailable"));
  });

  it("rejects `established` when it ends before the first handshake", async () => {
    const host = new HostMux();
    host.destroy(new Error("no guest"));
    await assert.rejects(host.established, /no guest/);
  });
});

describe("mux channels", () => {
  it("reset the other end when destroyed", () =>
    joined(async (pair) => {
      const { hostEnd, guestEnd } = await pair.connect();
      const atHost = new StreamRecorder(hostEnd);
      hostEnd.write(new Uint8Array(10));
      guestEnd.destroy();
      await atHost.seen("close");
      assert.ok(isKind(atHost.closeError, "unavailable"));
      assert.match(String(atHost.closeError), /reset by its other end/);
    }));

  it("open once", () =>
    joined(async (pair) => {
      const { hostEnd } = await pair.connect();
      new StreamRecorder(hostEnd);
      assert.throws(() => new StreamRecorder(hostEnd), /opens once/);
    }));

  it("of a stalled reader never stall another", () =>
    joined(async (pair) => {
      const stalled = await pair.connect(1);
      const moving = await pair.connect(2);
      const atStalled = new StreamRecorder(stalled.hostEnd);
      stalled.hostEnd.pause();
      new StreamRecorder(stalled.guestEnd);
      for (let i = 0; i < 64; i++) stalled.guestEnd.write(new Uint8Array(64 * 1024).fill(1));
      const atMoving = new StreamRecorder(moving.hostEnd);
      const writer = new StreamRecorder(moving.guestEnd);
      const total = 8 * 1024 * 1024;
      for (let sent = 0; sent < total; sent += 32 * 1024) {
        if (!moving.guestEnd.write(new Uint8Array(32 * 1024).fill(2))) {
          writer.events.length = 0;
          await writer.seen("drain");
        }
      }
      let received = 0;
      await atMoving.until(() => {
        received += atMoving.chunks.splice(0).reduce((sum, chunk) => sum + chunk.byteLength, 0);
        return received === total;
      });
      assert.equal(atStalled.count("data"), 0);
      stalled.hostEnd.resume();
      let late = 0;
      await atStalled.until(() => {
        late += atStalled.chunks.splice(0).reduce((sum, chunk) => sum + chunk.byteLength, 0);
        return late === 64 * 64 * 1024;
      });
    }));

  it("take turns: a small write does not wait behind a large one", () =>
    joined(async (pair) => {
      const bulk = await pair.connect(1);
      const small = await pair.connect(2);
      const atBulk = new StreamRecorder(bulk.hostEnd);
      const atSmall = new StreamRecorder(small.hostEnd);
      bulk.guestEnd.write(new Uint8Array(CHANNEL_WINDOW));
      small.guestEnd.write(Buffer.from("x"));
      await atSmall.seen("data");
      assert.ok(atBulk.bytes().byteLength < CHANNEL_WINDOW);
    }));

  it("hold no more than their window for a reader that stalls", () =>
    joined(async (pair) => {
      const { hostEnd, guestEnd } = await pair.connect();
      const received = new StreamRecorder(hostEnd);
      hostEnd.pause();
      guestEnd.write(new Uint8Array(10 * CHANNEL_WINDOW));
      await turns(20);
      pair.host.suspend();
      const [saved] = pair.host.saveState().channels;
      assert.equal(Buffer.from(saved?.inbox ?? "", "base64").byteLength, CHANNEL_WINDOW);
      assert.equal(received.count("data"), 0);
    }));

  it("join small writes of one turn into one frame", () =>
    joined(async (pair) => {
      const { hostEnd, guestEnd } = await pair.connect();
      const received = new StreamRecorder(hostEnd);
      for (const letter of "abc") guestEnd.write(Buffer.from(letter));
      await received.seen("data");
      assert.deepEqual(
        received.chunks.map((chunk) => Buffer.from(chunk).toString()),
        ["abc"],
      );
    }));

  it("are forgotten once both ends have closed them, however they did", () =>
    joined(async (pair) => {
      for (const how of ["orderly", "host", "guest", "both"]) {
        const { hostEnd, guestEnd } = await pair.connect();
        const atHost = new StreamRecorder(hostEnd);
        const atGuest = new StreamRecorder(guestEnd);
        if (how === "host" || how === "both") hostEnd.destroy();
        if (how === "guest" || how === "both") guestEnd.destroy();
        hostEnd.end();
        guestEnd.end();
        await atHost.seen("close");
        await atGuest.seen("close");
      }
      await turns();
      pair.host.suspend();
      assert.deepEqual(pair.host.saveState().channels, []);
    }));
});
