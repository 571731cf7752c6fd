/**
 * Under Wine there is no AF_HYPERV: what is tested here is the same code over AF_INET's loopback, where the address alone
 * differs, as a family of sockets that no runtime of ours knows would be served.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, beforeEach, describe, it } from "node:test";
import { until } from "../../../test/harness/until.ts";
import { rigGuestSockets, servicePort } from "../../../test/windows/guest-sockets.ts";
import { silentLogger } from "../../log/logger.ts";
import { errorCode } from "../../sys/sys-error.ts";
import { createSocket, listenOn, openSockets } from "../../sys/windows/winsock.ts";
import { byteStreamSuite, StreamRecorder } from "../byte-stream-suite.ts";
import { createHvSocketHost, HvSocketHost } from "./host.ts";
import { firstThatWorks, probe } from "./probe.ts";
import { portService } from "./service.ts";
import { loopbackServices, serviceSpace } from "./service-space.ts";
import { type StreamMaker, streamMakers } from "./stream-maker.ts";

const PORT = 0x4000_0000;
const VM = "6f3b2a10-9c1d-4e8f-8a2b-1c0d9e8f7a6b";
const MEBIBYTE = 1024 * 1024;
const NOBODY = { data() {}, end() {}, drain() {}, close() {} };

for (const maker of Object.keys(streamMakers) as StreamMaker[]) {
  describe(`hvsocket, streams ${maker}`, { timeout: 240_000 }, () => {
    const directory = mkdtempSync(join(tmpdir(), "hvsocket-"));
    let before: Set<number>;
    let host: HvSocketHost;

    beforeEach(async () => {
      // What a process has of its own from its first use on.
      await probe(maker, "inet");
      before = openSockets();
      host = new HvSocketHost({ space: loopbackServices(directory, VM), maker });
    });
    afterEach(async () => {
      host.destroy();
      await until("every SOCKET to be closed", () => [...openSockets()].every((socket) => before.has(socket)));
      assert.deepEqual(readdirSync(directory), []);
    });
    after(() => rmSync(directory, { recursive: true }));

    const guest = () => rigGuestSockets(directory, VM);
    const connect = async (port = PORT) => {
      const listener = host.listen(port);
      const [b, dialled] = await Promise.all([listener.accept(), guest().dial(port)]);
      assert.ok(dialled.kind === "stream");
      listener.close();
      return { a: dialled.stream, b };
    };

    byteStreamSuite(`hvsocket, accepted end first, ${maker}`, async () => {
      const { a, b } = await connect();
      return { a: b, b: a };
    });
    byteStreamSuite(`hvsocket, ${maker}`, () => connect());

    it("moves megabytes both ways at once beside a connection that stands still", async () => {
      const stalled = await connect(PORT + 1);
      stalled.b.pause();
      stalled.b.open(NOBODY);
      const stalledEnd = new StreamRecorder(stalled.a);
      for (let i = 0; i < 64; i++) stalled.a.write(new Uint8Array(32 * 1024));
      const { a, b } = await connect();
      const ends = [new StreamRecorder(a), new StreamRecorder(b)];
      const sent = Uint8Array.from({ length: 4 * MEBIBYTE }, (_, i) => (i * 31 + (i >> 12)) % 256);
      for (const { stream } of ends) {
        for (let at = 0; at < sent.length; at += 150_000) stream.write(sent.slice(at, at + 150_000));
        stream.end();
      }
      await Promise.all(ends.map((end) => end.seen("close")));
      for (const end of ends) assert.ok(end.bytes().equals(sent) && end.closeError === undefined);
      stalled.a.destroy();
      stalled.b.destroy();
      await stalledEnd.seen("close");
    });

    it("serves 50 guests that dial at once, each with its own bytes and half-closes", async () => {
      const listener = host.listen(PORT);
      const dials = Array.from({ length: 50 }, () => guest().dial(PORT));
      const accepted = await Promise.all(dials.map(() => listener.accept()));
      const echoed = accepted.map((stream) => {
        const end = new StreamRecorder(stream);
        end.onData = (chunk) => void stream.write(chunk);
        return end.seen("end").then(() => stream.end());
      });
      const ends = await Promise.all(
        dials.map(async (dial, i) => {
          const dialled = await dial;
          assert.ok(dialled.kind === "stream");
          const end = new StreamRecorder(dialled.stream);
          for (let part = 0; part < 10; part++) dialled.stream.write(new Uint8Array(2000).fill(i));
          dialled.stream.end();
          return end;
        }),
      );
      await Promise.all([...echoed, ...ends.map((end) => end.seen("close"))]);
      for (const [i, end] of ends.entries()) {
        assert.ok(end.bytes().equals(Buffer.alloc(20_000, i)), `guest ${i} got ${end.bytes().length} bytes`);
        assert.equal(end.closeError, undefined);
      }
    });

    it("tells of a reset", async () => {
      const listener = host.listen(PORT);
      const socket = connectSocket({ host: "127.0.0.1", port: servicePort(directory, VM, portService(PORT)) });
      const end = new StreamRecorder(await listener.accept());
      socket.resetAndDestroy();
      await end.until(() => end.count("end") + end.count("close") > 0);
      // Wine tells a reader who comes late of a reset as an end; no writer is left in the dark.
      end.stream.write(Buffer.from("x"));
      await end.seen("close");
      assert.match(String(errorCode(end.closeError)), /^(ECONNRESET|ECONNABORTED|EPIPE)$/);
    });

    it("passes over a guest that is gone before it is accepted, and takes the next", async () => {
      const listener = host.listen(PORT);
      const port = servicePort(directory, VM, portService(PORT));
      const gone = connectSocket({ host: "127.0.0.1", port });
      await new Promise((resolve) => gone.once("connect", resolve));
      gone.resetAndDestroy();
      const dialled = await guest().dial(PORT);
      assert.ok(dialled.kind === "stream");
      dialled.stream.open(NOBODY);
      dialled.stream.write(Buffer.from("here"));
      for (;;) {
        const end = new StreamRecorder(await listener.accept());
        await end.until(() => end.events.length > 0);
        end.stream.destroy();
        if (end.bytes().toString() === "here") break;
      }
      dialled.stream.destroy();
    });

    it("ends an accept at its signal and at the listener's end, and the service is free at once", async () => {
      const listener = host.listen(PORT);
      assert.throws(() => host.listen(PORT), { kind: "already-exists" });
      const abort = new AbortController();
      const refused = assert.rejects(listener.accept({ signal: abort.signal }), /enough/);
      abort.abort(new Error("enough"));
      await refused;
      const closed = assert.rejects(listener.accept(), { kind: "unavailable" });
      listener.close();
      listener.close();
      await closed;
      assert.deepEqual(readdirSync(directory), []);
      const { a, b } = await connect();
      a.destroy();
      b.destroy();
    });

    it("turns away who was not accepted when the listener closes, and keeps who was", async () => {
      const listener = host.listen(PORT);
      const [kept, dialled] = await Promise.all([listener.accept(), guest().dial(PORT)]);
      const waiting = await Promise.all([guest().dial(PORT), guest().dial(PORT)]);
      assert.ok(dialled.kind === "stream");
      const ends = waiting.map((each) => new StreamRecorder(each.kind === "stream" ? each.stream : assert.fail()));
      host.destroy();
      await Promise.all(ends.map((end) => end.until(() => end.events.length > 0)));
      for (const end of ends) end.stream.destroy();
      await assert.rejects(guest().dial(PORT), { kind: "unavailable" });
      assert.throws(() => host.listen(PORT), { kind: "unavailable" });
      const received = new StreamRecorder(kept);
      dialled.stream.open(NOBODY);
      dialled.stream.write(Buffer.from("still here"));
      await received.until(() => received.bytes().toString() === "still here");
      dialled.stream.destroy();
      kept.destroy();
    });

    it("loses nothing through a reader that pauses at each chunk", async () => {
      const { a, b } = await connect();
      const right = new StreamRecorder(b);
      right.onData = () => {
        b.pause();
        setImmediate(() => b.resume());
      };
      a.open(NOBODY);
      for (let i = 0; i < 200; i++) a.write(new Uint8Array(1000).fill(i));
      a.end();
      await right.seen("end");
      assert.equal(right.bytes().length, 200_000);
      b.end();
      await right.seen("close");
    });

    it("refuses what is no socket", () => {
      assert.throws(() => streamMakers[maker](0x7ffc), /ENOTSOCK|EINVAL|EBADF|EIO/);
    });
  });
}

describe("hvsocket", () => {
  it("takes the first stream maker that works, and says why it was not the one before", async () => {
    const warnings: unknown[] = [];
    const log = { ...silentLogger, warn: (...args: unknown[]) => void warnings.push(args) };
    const works = (maker: string) => (maker === "b" ? Promise.resolve() : Promise.reject(new Error(`${maker} failed`)));
    assert.equal(await firstThatWorks(["a", "b"], works, log), "b");
    assert.deepEqual(warnings, [["sockets of guests are served as b", { because: "a: a failed" }]]);
    await assert.rejects(firstThatWorks(["a", "c"], works, log), {
      kind: "unavailable",
      message: /a: a failed; c: c failed/,
    });
  });

  it("says that there is no Hyper-V here, with nothing left behind", async () => {
    const before = openSockets();
    assert.throws(() => createSocket("hyperv"), { code: "EAFNOSUPPORT" });
    await assert.rejects(probe("adopted", "hyperv"), /EAFNOSUPPORT/);
    assert.throws(() => listenOn({ family: "hyperv", vmId: VM, serviceId: portService(1) }, 1), {
      code: "EAFNOSUPPORT",
    });
    assert.deepEqual(openSockets(), before);
  });

  it("serves a VM by what works here, and says that nothing does without Hyper-V", async () => {
    const before = openSockets();
    const directory = mkdtempSync(join(tmpdir(), "hvsocket-"));
    await assert.rejects(createHvSocketHost({ vmId: VM }), {
      kind: "unavailable",
      message: /adopted: .*; overlapped: /,
    });
    process.env.UVM_SHIM_HVSOCKET_DIRECTORY = directory;
    globalThis.UVM_SHIM_FAILPOINTS = true;
    try {
      const host = await createHvSocketHost({ vmId: VM });
      const service = "acef5661-84a1-4e44-856b-6245e69f4620";
      const accepted = host.listenService(service).accept();
      assert.throws(() => host.listenService(service), { kind: "already-exists", message: new RegExp(service) });
      const socket = connectSocket({ host: "127.0.0.1", port: servicePort(directory, VM, service) });
      socket.end("a Windows guest");
      const end = new StreamRecorder(await accepted);
      await end.seen("end");
      assert.equal(end.bytes().toString(), "a Windows guest");
      end.stream.end();
      await end.seen("close");
      host.destroy();
      await until("every SOCKET to be closed", () => [...openSockets()].every((open) => before.has(open)));
    } finally {
      globalThis.UVM_SHIM_FAILPOINTS = undefined;
      delete process.env.UVM_SHIM_HVSOCKET_DIRECTORY;
      rmSync(directory, { recursive: true });
    }
  });

  it("takes no directory in place of Hyper-V but in a build for tests", () => {
    process.env.UVM_SHIM_HVSOCKET_DIRECTORY = tmpdir();
    const service = portService(1);
    try {
      globalThis.UVM_SHIM_FAILPOINTS = false;
      assert.equal(serviceSpace(VM).address(service).family, "hyperv");
      globalThis.UVM_SHIM_FAILPOINTS = true;
      assert.equal(serviceSpace(VM).address(service).family, "inet");
    } finally {
      globalThis.UVM_SHIM_FAILPOINTS = undefined;
      delete process.env.UVM_SHIM_HVSOCKET_DIRECTORY;
    }
  });
});
