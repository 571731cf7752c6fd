import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { runtime } from "#runtime";
import { claimSocket } from "./socket.windows.ts";

const ROUNDS = 20;
const APART_MS = 60;
const DAEMONS = 3;

const [, bundle = "", role = "", prefix = ""] = process.argv;

/** All processes ask for the same name at the same moment, round by round, and keep what they get. */
async function claimAll(): Promise<void> {
  const lines = createInterface(process.stdin)[Symbol.asyncIterator]();
  process.stdout.write("ready\n");
  const begin = Number((await lines.next()).value);
  const won: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await delay(Math.max(0, begin + round * APART_MS - Date.now()));
    const path = `${prefix}-${round}`;
    const claim = await claimSocket({ runtime, path, onConnection: (stream) => stream.destroy(), onBound() {} });
    if (claim !== undefined) won.push(round);
  }
  process.stdout.write(`${JSON.stringify(won)}\n`);
  // Nobody gives up a name before all have asked for it.
  await lines.next();
  process.exit();
}

function startClaimer(args: readonly string[]) {
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const { stdin, stdout } = spawn(process.execPath, [bundle, ...args], { env, stdio: ["pipe", "pipe", "ignore"] });
  const lines = createInterface(stdout)[Symbol.asyncIterator]();
  return { stdin, next: async () => String((await lines.next()).value) };
}

if (role === "claim") {
  await claimAll();
} else {
  describe("a pod's pipe", () => {
    it("has one daemon, however many ask for it at once", async () => {
      const args = ["claim", `\\\\.\\pipe\\claim-${randomUUID()}`];
      const claimers = Array.from({ length: DAEMONS }, () => startClaimer(args));
      await Promise.all(claimers.map(({ next }) => next()));
      for (const { stdin } of claimers) stdin.write(`${Date.now() + 200}\n`);
      const won = await Promise.all(claimers.map(async ({ next }): Promise<number[]> => JSON.parse(await next())));
      for (const { stdin } of claimers) stdin.end();
      const all = won.flat().sort((a, b) => a - b);
      assert.deepEqual(
        all,
        Array.from({ length: ROUNDS }, (_, round) => round),
      );
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
