import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { runtime } from "#runtime";
import { isKind } from "../errors/shim-error.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import { withDirectoryLock } from "../sys/directory-lock.ts";
import type { Runtime, SocketServer } from "../sys/runtime.ts";
import { isServed } from "./probe.ts";
import { type Claim, claimSocket } from "./socket.ts";

let dir = "";
let path = "";
const claims: Claim[] = [];
/** All that was ever opened: a claim leaves its listener open where the path is another's by then. */
const servers: SocketServer[] = [];
const recording: Runtime = {
  ...runtime,
  async listen(...request) {
    const server = await runtime.listen(...request);
    servers.push(server);
    return server;
  },
};
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "socket-test-"));
  path = join(dir, "s");
});
afterEach(async () => {
  for (const claim of claims.splice(0)) await claim.release(() => undefined);
  for (const server of servers.splice(0)) server.close();
  rmSync(dir, { recursive: true });
});

function drop(stream: ByteStream): void {
  stream.open({ data: () => undefined, end: () => undefined, drain: () => undefined, close: () => undefined });
  stream.destroy();
}

async function claim(onBound: () => void = () => undefined): Promise<Claim | undefined> {
  const claimed = await claimSocket({ runtime: recording, path, onConnection: drop, onBound });
  if (claimed !== undefined) claims.push(claimed);
  return claimed;
}

/** A socket file as kill -9 leaves it: bound once, nobody behind it. */
async function leaveDeadSocket(): Promise<void> {
  const killedListener =
    'require("node:net").createServer().listen(process.argv.at(-1), () => process.kill(process.pid, 9))';
  const child = runtime.spawn([process.execPath, "-e", killedListener, path], { env: {} });
  assert.equal((await child.exited).signal, 9);
  assert.ok(existsSync(path));
}

describe("isServed", () => {
  // A starved launcher's timer went off before the answer of a daemon that was there; it bound a second one.
  it("does not take a late answer for a dead daemon", async () => {
    const late: Pick<Runtime, "connect"> = {
      connect: (_path, options) =>
        new Promise((_, reject) => {
          options?.signal?.addEventListener("abort", () => reject(options.signal?.reason));
        }),
    };
    writeFileSync(path, "");
    assert.equal(await isServed(late, path), true);
  });
});

describe("isServed of a path where nothing is", () => {
  it("is false, and nobody is dialled", async () => {
    const none: Pick<Runtime, "connect"> = { connect: () => Promise.reject(new Error("dialled")) };
    assert.equal(await isServed(none, path), false);
  });
});

describe("claimSocket", () => {
  it("binds a socket for its owner alone and runs onBound while it holds the lock", async () => {
    let boundAt: Promise<boolean> | undefined;
    await claim(() => {
      const locked = withDirectoryLock(dir, async () => undefined, { timeoutMs: 0 });
      boundAt = locked.then(
        () => false,
        (error: unknown) => isKind(error, "unavailable"),
      );
    });
    assert.equal(await boundAt, true);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(await isServed(runtime, path), true);
  });

  it("leaves a served socket alone", async () => {
    await claim();
    const { ino } = statSync(path);
    assert.equal(await claim(), undefined);
    assert.equal(statSync(path).ino, ino);
    assert.equal(await isServed(runtime, path), true);
  });

  it("replaces a socket whose daemon is dead, and a file that is no socket", async () => {
    await leaveDeadSocket();
    assert.equal(await isServed(runtime, path), false);
    assert.ok(await claim());
    assert.equal(await isServed(runtime, path), true);
  });

  it("lets one of twenty win, also over a dead socket", async () => {
    await leaveDeadSocket();
    const all = await Promise.all(Array.from({ length: 20 }, () => claim()));
    assert.equal(all.filter((claimed) => claimed !== undefined).length, 1);
    assert.equal(await isServed(runtime, path), true);
  });

  it("gives the name back, once, and leaves nothing", async () => {
    const claimed = await claim();
    let cleaned = 0;
    await claimed?.release(() => {
      cleaned += 1;
      assert.ok(existsSync(path), "cleans up before the name is free");
    });
    await claimed?.release(() => {
      cleaned += 1;
    });
    assert.equal(cleaned, 1);
    assert.deepEqual(readdirSync(dir), []);
  });

  it("does not take a successor's socket away", async () => {
    const first = await claim();
    rmSync(path);
    const second = await claim();
    assert.ok(second);
    await first?.release(() => undefined);
    assert.equal(await isServed(runtime, path), true);
  });

  it("gives the name back where onBound fails", async () => {
    await assert.rejects(
      claim(() => {
        throw new Error("disk full");
      }),
      /disk full/,
    );
    assert.deepEqual(readdirSync(dir), []);
    assert.ok(await claim());
  });
});

describe("withDirectoryLock", () => {
  it("lets one in at a time, and the next one also after a failure", async () => {
    let inside = 0;
    const enter = async (fail: boolean) =>
      await withDirectoryLock(dir, async () => {
        inside += 1;
        assert.equal(inside, 1);
        await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
        if (fail) throw new Error("failed inside");
      });
    const results = await Promise.allSettled([enter(true), enter(false), enter(true), enter(false)]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ["rejected", "fulfilled", "rejected", "fulfilled"],
    );
  });
});
