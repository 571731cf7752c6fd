import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { runtime } from "#runtime";
import { isServed } from "./probe.ts";
import { claimSocket } from "./socket.windows.ts";

const ROUNDS = 20;
const DAEMONS = 3;
/** From the word to the moment that all wait for: the word has come to each by then, unless the host is busy. */
const AHEAD_MS = 30;

const [, bundle = "", role = "", prefix = ""] = process.argv;

/** All processes ask for the same name at the same moment, round by round, and keep what they get. Each line is such a moment. */
async function claimAll(): Promise<void> {
  const claim = (path: string) =>
    claimSocket({ runtime, path, onConnection: (stream) => stream.destroy(), onBound() {} });
  // What the first claim loads is no part of a race.
  await (await claim(`${prefix}-${process.pid}`))?.release(() => {});
  process.stdout.write("ready\n");
  let round = 0;
  for await (const moment of createInterface(process.stdin)) {
    await delay(Math.max(0, Number(moment) - Date.now()));
    const won = (await claim(`${prefix}-${round++}`)) !== undefined;
    process.stdout.write(`${won}\n`);
  }
  process.exit();
}

function startClaimer(args: readonly string[]) {
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const child = spawn(process.execPath, [bundle, ...args], { env, stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return { child, next: async () => String((await lines.next()).value) };
}

if (role === "claim") {
  await claimAll();
} else {
  describe("a pod's pipe", { timeout: 240_000 }, () => {
    it("has one daemon, however many ask for it at once", async (t) => {
      const args = ["claim", `\\\\.\\pipe\\claim-${randomUUID()}`];
      const claimers = Array.from({ length: DAEMONS }, () => startClaimer(args));
      t.after(() => {
        for (const { child } of claimers) child.kill();
      });
      const answers = () => Promise.all(claimers.map(({ next }) => next()));
      assert.deepEqual(await answers(), ["ready", "ready", "ready"]);
      for (let round = 0; round < ROUNDS; round++) {
        // Nobody gives up a name before all have asked for it.
        for (const { child } of claimers) child.stdin.write(`${Date.now() + AHEAD_MS}\n`);
        assert.deepEqual((await answers()).sort(), ["false", "false", "true"], `round ${round}`);
      }
      for (const { child } of claimers) child.stdin.end();
    });

    // The time counted before the answer did that was there already: a start told the address of a daemon that never was.
    it("is free to a process that stands still while it looks", async () => {
      const served = new Promise<boolean>((resolve) => {
        // Timers come next then, before what has arrived.
        setImmediate(() => {
          resolve(isServed(runtime, `\\\\.\\pipe\\claim-${randomUUID()}`));
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
        });
      });
      assert.equal(await served, false);
    });

    it("is free again for who comes after its daemon, and not before what that leaves is removed", async () => {
      const path = `\\\\.\\pipe\\claim-${randomUUID()}`;
      const options = { runtime, path, onConnection: (stream: { destroy(): void }) => stream.destroy(), onBound() {} };
      const first = await claimSocket(options);
      assert.ok(first);
      assert.equal(await claimSocket(options), undefined);
      const order: string[] = [];
      const released = first.release(async () => {
        await delay(50);
        order.push("removed");
      });
      const next = claimSocket(options).then((claim) => {
        order.push("claimed");
        return claim;
      });
      await released;
      const second = await next;
      assert.deepEqual(order, ["removed", "claimed"]);
      await second?.release(() => {});
    });

    it("is given back where the daemon's record can't be written", async () => {
      const path = `\\\\.\\pipe\\claim-${randomUUID()}`;
      const options = { runtime, path, onConnection: (stream: { destroy(): void }) => stream.destroy() };
      const onBound = () => {
        throw new Error("disk full");
      };
      await assert.rejects(claimSocket({ ...options, onBound }), /disk full/);
      await assert.rejects(runtime.connect(path), { code: "ENOENT" });
    });
  });
}
