import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { converse, pattern, World } from "../../../test/harness/mux-world.ts";
import { VirtualPort } from "../../../test/harness/virtual-port.ts";
import { isKind } from "../../errors/shim-error.ts";
import { StreamRecorder, turns } from "../byte-stream-suite.ts";
import { GuestLink } from "./guest-link.ts";
import { HostLink } from "./host-link.ts";
import { HostMux } from "./host-mux.ts";
import { WRITE_HIGH_WATER } from "./limits.ts";

let world: World | undefined;

function newWorld(): World {
  world = new World();
  return world;
}

afterEach(() => {
  world?.close();
  world = undefined;
});

describe("mux save and restore", () => {
  it("keeps what was unread, unsent, half-closed and never accepted", async () => {
    const own = newWorld();
    const listener = own.host.sockets.listen(7);
    const waiting = own.guest.sockets.dial(7);
    const { hostEnd, guestEnd } = await own.connect(8);
    const accepted = await waiting;
    assert.equal(accepted.kind, "stream");
    if (accepted.kind === "stream") accepted.stream.write(Buffer.from("unaccepted"));
    hostEnd.pause();
    new StreamRecorder(hostEnd);
    guestEnd.write(Buffer.from("unread"));
    guestEnd.end();
    await turns();
    const large = pattern(4, 5 * WRITE_HIGH_WATER);
    guestEnd.pause();
    hostEnd.write(large.slice());
    hostEnd.end();
    await turns();
    assert.equal(listener.port, 7);
    own.saveAndRestore();

    assert.deepEqual(
      own.host.restored.map(({ port }) => port),
      [8],
    );
    const claimed = own.host.restored[0]?.stream;
    assert.ok(claimed !== undefined);
    const atHost = new StreamRecorder(claimed);
    const atGuest = new StreamRecorder(guestEnd);
    guestEnd.resume();
    await atHost.seen("close");
    await atGuest.seen("close");
    assert.equal(atHost.bytes().toString(), "unread");
    assert.ok(atGuest.bytes().equals(Buffer.from(large)));
    assert.deepEqual([atHost.closeError, atGuest.closeError], [undefined, undefined]);

    const late = new StreamRecorder(await own.host.sockets.listen(7).accept());
    await late.seen("data");
    assert.equal(late.bytes().toString(), "unaccepted");
  });

  it("delivers and sends nothing while suspended, and goes on after resume", async () => {
    const own = newWorld();
    const { hostEnd, guestEnd } = await own.connect();
    const atHost = new StreamRecorder(hostEnd);
    const atGuest = new StreamRecorder(guestEnd);
    guestEnd.write(Buffer.from("one"));
    own.host.suspend();
    hostEnd.write(Buffer.from("two"));
    await turns(10);
    assert.deepEqual([...atHost.events, ...atGuest.events], []);
    await assert.rejects(async () => own.host.attach(own.port.connectHost()), /suspended; cannot attach/);
    own.host.resume();
    await atHost.seen("data");
    await atGuest.seen("data");
    assert.equal(atHost.bytes().toString() + atGuest.bytes().toString(), "onetwo");
  });

  it("saves nothing that moves on: the state of a suspended mux stays the same", async () => {
    const own = newWorld();
    const { hostEnd, guestEnd } = await own.connect();
    const atHost = new StreamRecorder(hostEnd);
    hostEnd.pause();
    new StreamRecorder(guestEnd);
    guestEnd.write(Buffer.from("arrived"));
    await turns();
    own.host.suspend();
    const before = own.host.saveState();
    guestEnd.write(Buffer.from("after"));
    hostEnd.resume();
    await turns(10);
    assert.deepEqual(own.host.saveState(), before);
    assert.deepEqual(atHost.events, []);
    own.host.resume();
    await atHost.until(() => atHost.bytes().toString() === "arrivedafter");
  });

  it("delivers after resume what had arrived before, without anything new", async () => {
    const own = newWorld();
    const { hostEnd, guestEnd } = await own.connect();
    guestEnd.write(Buffer.from("arrived"));
    await turns();
    own.host.suspend();
    const atHost = new StreamRecorder(hostEnd);
    await turns();
    assert.deepEqual(atHost.events, []);
    own.host.resume();
    await atHost.seen("data");
  });

  it("restores to the same state, down to frames that never left", async () => {
    const own = newWorld();
    const one = await own.connect(1);
    const two = await own.connect(2);
    new StreamRecorder(one.guestEnd);
    const atHost = new StreamRecorder(one.hostEnd);
    one.guestEnd.write(pattern(1, 1000));
    await atHost.seen("data");
    one.hostEnd.pause();
    one.guestEnd.write(pattern(1, 500));
    one.hostEnd.end();
    await turns();
    own.port.freeze();
    two.hostEnd.destroy();
    own.host.suspend();
    const state = JSON.parse(JSON.stringify(own.host.saveState()));
    assert.equal(state.lastChannel, 2);
    assert.equal(state.controls.length + state.link.frames.length > 0, true);
    const again = new HostMux(state);
    again.suspend();
    assert.deepEqual(JSON.parse(JSON.stringify(again.saveState())), state);
    again.destroy();
  });

  it("sends what was written, and closes what was destroyed, while it was suspended", async () => {
    const own = newWorld();
    const written = await own.connect(1);
    const destroyed = await own.connect(2);
    const atWritten = new StreamRecorder(written.guestEnd);
    const atDestroyed = new StreamRecorder(destroyed.guestEnd);
    own.host.suspend();
    written.hostEnd.write(Buffer.from("late"));
    destroyed.hostEnd.destroy();
    own.saveAndRestore();
    await atWritten.seen("data");
    await atDestroyed.seen("close");
    assert.equal(atWritten.bytes().toString(), "late");
    await assert.rejects(own.guest.sockets.dial(77), (error) => isKind(error, "unavailable"));
  });

  it("saves only what stands still", async () => {
    const own = newWorld();
    await own.connect();
    assert.throws(
      () => own.host.saveState(),
      (error) => isKind(error, "failed-precondition"),
    );
  });

  it("closes its channels when it is destroyed while suspended", async () => {
    const own = newWorld();
    const { hostEnd } = await own.connect();
    const atHost = new StreamRecorder(hostEnd);
    own.host.suspend();
    own.host.destroy();
    await atHost.seen("close");
  });

  it("tells a restored host that its guest does not know the session", async () => {
    const own = newWorld();
    const { guestEnd } = await own.connect();
    new StreamRecorder(guestEnd);
    own.port.freeze();
    own.host.suspend();
    const state = JSON.parse(JSON.stringify(own.host.saveState()));
    own.close();

    world = new World(state);
    const reason = await world.host.ended;
    assert.ok(isKind(reason, "data-loss"));
    assert.match(reason.message, /does not know the session/);
  });

  it("refuses a state that is older than the guest", async () => {
    const own = newWorld();
    const { hostEnd, guestEnd } = await own.connect();
    const atHost = new StreamRecorder(hostEnd);
    new StreamRecorder(guestEnd);
    own.host.suspend();
    const old = JSON.parse(JSON.stringify(own.host.saveState()));
    own.host.resume();
    // Enough for an acknowledgement: the guest then no longer has what the old state misses.
    const total = 4 * WRITE_HIGH_WATER;
    guestEnd.write(pattern(1, total));
    await atHost.until(() => atHost.bytes().byteLength === total);
    await turns(10);
    own.port.disconnectHost();
    own.host.destroy();
    own.host = new HostMux(old);
    void own.host.attach(own.port.connectHost());
    const reason = await own.host.ended;
    assert.ok(isKind(reason, "data-loss"), reason.message);
  });

  it("a new host without the state begins a new session: old channels close, new ones work", async () => {
    const own = newWorld();
    const { guestEnd } = await own.connect();
    const old = new StreamRecorder(guestEnd);
    own.replaceHost();
    await old.seen("close");
    assert.match(String(old.closeError), /began a new session/);
    await converse(await own.connect());
  });

  it("counts frames beyond 32 bits", async () => {
    const own = newWorld();
    own.port.freeze();
    own.host.suspend();
    await turns();
    const state = JSON.parse(JSON.stringify(own.host.saveState()));
    own.close();
    // Both ends of one session just below the edge: the guest's is made by a state of the same form.
    const near = 2 ** 32 - 3;
    const got: number[] = [];
    const silent = {
      nextFrame: () => undefined,
      received: () => undefined,
      restarted: () => undefined,
      established: () => undefined,
      linkEnded: (error: Error) => assert.fail(error),
    };
    class NearGuest extends GuestLink {
      override session = state.link.session;
      override received = near;
    }
    let next = 0;
    const queue = Array.from({ length: 8 }, (_, i) => ({ type: 4, channel: 1, payload: Uint8Array.of(i) }));
    const guest = new NearGuest({ ...silent, received: (frame) => void got.push(frame.payload[0] ?? -1) });
    const host = new HostLink(
      { ...silent, nextFrame: () => queue[next++] },
      { ...state.link, acknowledged: near, frames: [] },
    );
    const port = new VirtualPort();
    void guest.attach(port.openGuest());
    void host.attach(port.connectHost());
    await turns(10);
    assert.deepEqual(got, [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.equal(guest.saveState().received, near + 8);
    host.end = () => undefined;
    port.close();
  });

  it("refuses a damaged state, and says where", () => {
    const host = new HostMux();
    host.suspend();
    const good = JSON.parse(JSON.stringify(host.saveState()));
    const bad: readonly [unknown, RegExp][] = [
      [null, /state is no object/],
      [{ ...good, version: 2 }, /version is 2/],
      [{ ...good, version: { toString: 1, valueOf: 1 } }, /version is no number/],
      [{ ...good, lastChannel: -1 }, /lastChannel is no count/],
      [{ ...good, channels: {} }, /channels is no list/],
      [{ ...good, channels: [{}] }, /id is no count/],
      [{ ...good, link: { ...good.link, session: "x" } }, /session is no id/],
      [{ ...good, controls: [{ type: 1, channel: 1 }] }, /payload is no text/],
    ];
    for (const [state, message] of bad) {
      assert.throws(
        () => new HostMux(state),
        (error) => isKind(error, "data-loss") && message.test(String(error)),
      );
    }
    host.destroy();
  });
});
