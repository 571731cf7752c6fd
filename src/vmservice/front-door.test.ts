import assert from "node:assert/strict";
import { existsSync, fstatSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { until } from "../../test/harness/until.ts";
import { VM } from "../generated/vmservice.ts";
import { silentLogger } from "../log/logger.ts";
import { leakedFds, openFds } from "../sys/fd-leaks.ts";
import { close, open } from "../sys/libc.ts";
import { connectUnix, listenUnix, receiveFds, sendFds } from "../sys/libc-socket.ts";
import { Server } from "../ttrpc/server.ts";
import { connect } from "../ttrpc/socket.ts";
import { FdRegistry } from "./fd-passing/registry.ts";
import { FrontDoor } from "./front-door.ts";
import { listenOn } from "./socket-path.ts";

const hello = Uint8Array.of(0xfd, 0x46, 0x44, 0x01, 0, 0, 0, 0);
const named = (opcode: number, name: string) => Uint8Array.of(opcode, name.length, ...Buffer.from(name));

describe("the server's one socket", { timeout: 60_000 }, () => {
  const before = openFds();
  const directory = mkdtempSync(join(tmpdir(), "uvm-door-"));
  const path = join(directory, "s");
  const registry = new FdRegistry();
  after(async () => {
    rmSync(directory, { recursive: true });
    assert.deepEqual(await leakedFds(before), []);
  });

  async function opened(run: (door: FrontDoor) => Promise<void>): Promise<void> {
    const server = new Server();
    server.register(VM, { capabilitiesVM: () => ({ supportedResources: [], supportedGuestOs: [1] }) });
    const door = await FrontDoor.open({ path, registry, log: silentLogger, accept: (stream) => server.accept(stream) });
    server.addListener(door);
    try {
      await run(door);
    } finally {
      server.close();
    }
  }

  /** The next message, or "ended". */
  const received = (socket: number): Promise<string> =>
    until("an answer", () => {
      const message = receiveFds(socket);
      return message && (Buffer.from(message.bytes).toString("latin1") || "ended");
    });
  const gone = (name: string): Promise<true> =>
    until(`the end of ${name}`, () => {
      const copy = registry.copyOf(name);
      if (copy !== undefined) close(copy);
      return copy === undefined;
    });
  const ask = async (socket: number, bytes: Uint8Array, fds: readonly number[] = []): Promise<string> => {
    sendFds(socket, bytes, fds);
    return await received(socket);
  };

  it("serves ttrpc and descriptors side by side, and nothing once it is closed", () =>
    opened(async (door) => {
      const idle = connectUnix(path);
      const client = await connect(path);
      assert.deepEqual((await client.service(VM).capabilitiesVM({})).supportedGuestOs, [1]);
      const passing = connectUnix(path);
      assert.equal(await ask(passing, hello), Buffer.from(hello).toString("latin1"));
      await assert.rejects(FrontDoor.open({ path, registry, log: silentLogger, accept: () => undefined }), {
        kind: "already-exists",
      });
      door.close();
      assert.deepEqual([await received(idle), await received(passing)], ["ended", "ended"]);
      assert.equal(existsSync(path), false);
      for (const fd of [idle, passing]) close(fd);
      client.close();
    }));

  it("keeps a descriptor under its name while its connection lasts; a copy lives longer", () =>
    opened(async () => {
      const [first, second] = [connectUnix(path), connectUnix(path)];
      for (const socket of [first, second]) await ask(socket, hello);
      const fd = open("/dev/null", 0);
      assert.equal(await ask(first, named(1, "t0"), [fd]), "\0\0\0");
      assert.match(await ask(second, named(1, "t0"), [fd]), /t0 is registered$/);
      assert.match(await ask(second, named(2, "t0")), /has not registered t0/);
      const copy = registry.copyOf("t0") ?? -1;
      close(fd);
      close(first);
      await gone("t0");
      assert.equal(fstatSync(copy).isCharacterDevice(), true);
      assert.equal(await ask(second, named(1, "t0"), [copy]), "\0\0\0");
      assert.equal(await ask(second, named(2, "t0")), "\0\0\0");
      assert.equal(registry.copyOf("t0"), undefined);
      for (const each of [second, copy]) close(each);
    }));

  it("refuses what a request may not be and goes on; hangs up on what it can't read", () =>
    opened(async () => {
      const socket = connectUnix(path);
      await ask(socket, hello);
      const fd = open("/dev/null", 0);
      assert.match(await ask(socket, named(1, "t0")), /0 descriptors/);
      assert.match(await ask(socket, named(1, "t0"), [fd, fd]), /2 descriptors/);
      assert.match(await ask(socket, named(1, ""), [fd]), /empty or not UTF-8/);
      assert.match(await ask(socket, Uint8Array.of(1, 1, 0xff), [fd]), /empty or not UTF-8/);
      assert.match(await ask(socket, named(2, "t0"), [fd]), /came with a name/);
      assert.equal(await ask(socket, named(1, "t1"), [fd]), "\0\0\0");
      assert.equal(await ask(socket, named(3, "t1"), [fd]), "ended");
      await gone("t1");
      for (const wrong of [Uint8Array.of(0xfd, 0x46, 0x44, 0x02, 0, 0, 0, 0), hello]) {
        const other = connectUnix(path);
        assert.equal(await ask(other, wrong, wrong === hello ? [fd] : []), "ended");
        close(other);
      }
      for (const each of [socket, fd]) close(each);
    }));

  it("takes the place of a socket that nobody serves, and of nothing else", async () => {
    // As a server that was killed leaves it.
    close(listenUnix(path));
    assert.equal(existsSync(path), true);
    const left = await FrontDoor.open({ path, registry, log: silentLogger, accept: () => undefined });
    left.close();
    writeFileSync(path, "a file");
    await assert.rejects(
      listenOn(path, () => undefined),
      { kind: "already-exists", message: /is no socket/ },
    );
    assert.equal(readFileSync(path, "utf8"), "a file");
    rmSync(path);
  });
});
