/**
 * Over the kernel's own loopback of vsock (module vsock_loopback, CID 1): test/qemu/vsock.test.ts runs this inside a VM, as
 * few hosts have the module loaded.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, afterEach, beforeEach, describe, it } from "node:test";
import { leakedFds, openFds } from "../../sys/fd-leaks.ts";
import { close, write } from "../../sys/libc.ts";
import { ANY_VSOCK_PORT, acceptVsock, connectVsock, listenVsock, VSOCK_CID } from "../../sys/vsock.ts";
import { byteStreamSuite, StreamRecorder } from "../byte-stream-suite.ts";
import { readExactly } from "./greeting.ts";
import { createVsockGuestSockets, createVsockPortSockets } from "./guest.ts";
import { VsockHost } from "./host.ts";

const cid = VSOCK_CID.loopback;
const PORT = 0x4000_0000;
const MEBIBYTE = 1024 * 1024;
const skip = existsSync("/sys/module/vsock_loopback") ? false : "wants the kernel module vsock_loopback: modprobe it";

describe("vsock", { skip, timeout: 300_000 }, () => {
  const before = openFds();
  let host: VsockHost;

  beforeEach(() => {
    host = new VsockHost({ guestCid: cid, cid });
  });
  afterEach(() => host.destroy());
  after(async () => assert.deepEqual(await leakedFds(before), []));

  const guest = () => createVsockGuestSockets({ cid, port: host.port });
  const connect = async (port = PORT) => {
    const listener = host.listen(port);
    const [b, dialled] = await Promise.all([listener.accept(), guest().dial(port)]);
    assert.ok(dialled.kind === "stream");
    listener.close();
    return { a: dialled.stream, b };
  };

  byteStreamSuite("vsock", () => connect());

  it("goes to a port itself, where the host listens on each", async () => {
    const { fd, port } = listenVsock({ cid, port: ANY_VSOCK_PORT });
    try {
      const dialled = await createVsockPortSockets({ cid }).dial(port);
      assert.ok(dialled.kind === "stream");
      const end = new StreamRecorder(dialled.stream);
      const connection = acceptVsock(fd);
      write(connection?.fd ?? -1, Buffer.from("first byte"));
      close(connection?.fd ?? -1);
      await end.seen("end");
      assert.equal(end.bytes().toString(), "first byte");
      dialled.stream.destroy();
    } finally {
      close(fd);
    }
    await assert.rejects(createVsockPortSockets({ cid }).dial(port), { kind: "unavailable" });
  });

  it("moves megabytes both ways at once, and each connection for itself", async () => {
    const stalled = await connect(PORT + 1);
    stalled.b.pause();
    stalled.b.open({ data() {}, end() {}, drain() {}, close() {} });
    const stalledEnd = new StreamRecorder(stalled.a);
    for (let i = 0; i < 64; i++) stalled.a.write(new Uint8Array(32 * 1024));
    const { a, b } = await connect();
    const ends = [new StreamRecorder(a), new StreamRecorder(b)];
    const sent = Uint8Array.from({ length: 2 * MEBIBYTE }, (_, i) => (i * 31 + (i >> 12)) % 256);
    for (const { stream } of ends) {
      for (let at = 0; at < sent.length; at += 50_000) stream.write(sent.slice(at, at + 50_000));
      stream.end();
    }
    await Promise.all(ends.map((end) => end.seen("close")));
    for (const end of ends) assert.ok(end.bytes().equals(sent) && end.closeError === undefined);
    stalled.a.destroy();
    stalled.b.destroy();
    await stalledEnd.seen("close");
  });

  it("refuses a port that nobody listens on, and takes it once somebody does", async () => {
    const message = "nobody listens on port 0x40000000; cannot dial it";
    await assert.rejects(guest().dial(PORT), { kind: "unavailable", message });
    host.listen(PORT);
    assert.throws(() => host.listen(PORT), { kind: "already-exists" });
    const dialled = await guest().dial(PORT);
    assert.ok(dialled.kind === "stream");
    // Accepted by nobody: it ends with the listener.
    const end = new StreamRecorder(dialled.stream);
    host.destroy();
    await end.until(() => end.events.length > 0);
    dialled.stream.destroy();
    await end.seen("close");
    assert.throws(() => host.listen(PORT), { kind: "unavailable" });
  });

  it("takes no connection of another CID", async () => {
    const warnings: string[] = [];
    const log = { trace() {}, debug() {}, info() {}, warn: (text: string) => warnings.push(text), error() {} };
    const strange = new VsockHost({ guestCid: 77, cid, log: { ...log, with: () => assert.fail() } });
    try {
      strange.listen(PORT);
      await assert.rejects(createVsockGuestSockets({ cid, port: strange.port }).dial(PORT), { kind: "unavailable" });
      assert.deepEqual(warnings, ["a vsock connection of CID 1 is refused: the VM has 77"]);
    } finally {
      strange.destroy();
    }
  });

  it("says that the host is not there, and ends at the signal", async () => {
    const { port } = host;
    host.destroy();
    const message = new RegExp(`^the host's vsock 1:${port} is not to be reached: connect vsock 1:${port}: ECONN`);
    await assert.rejects(createVsockGuestSockets({ cid, port }).dial(PORT), { kind: "unavailable", message });
    await assert.rejects(guest().dial(PORT, { signal: AbortSignal.abort(new Error("enough")) }), /^Error: enough$/);
  });

  it("waits for a greeting that comes in pieces, and gives up at the end of its listener", async () => {
    const accepted = host.listen(0x0403_0201).accept();
    const signal = AbortSignal.timeout(60_000);
    const slow = await connectVsock({ cid, port: host.port }, { signal });
    for (const byte of [1, 2, 3, 4]) {
      write(slow, Uint8Array.of(byte));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.equal((await readExactly(slow, 1, { signal }))[0], 0);
    (await accepted).destroy();
    close(slow);
    const silent = await connectVsock({ cid, port: host.port }, { signal });
    await new Promise((resolve) => setTimeout(resolve, 20));
    host.destroy();
    await assert.rejects(readExactly(silent, 1, { signal }), { code: "ECONNRESET" });
    close(silent);
  });
});
