import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { runtime } from "#runtime";
import { claimSocket } from "./socket.windows.ts";

const ROUNDS = 20;
const APART_MS = 60;
const DAEMONS = 3;

const [, bundle = "", role = "", prefix = "", begin = "0"] = process.argv;

/** All processes ask for the same name at the same moment, round by round, and keep what they get. */
async function claimAll(): Promise<void> {
  const won: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await delay(Math.max(0, Number(begin) + round * APART_MS - Date.now()));
    const path = `${prefix}-${round}`;
    const claim = await claimSocket({ runtime, path, onConnection: (stream) => stream.destroy(), onBound() {} });
    if (claim !== undefined) won.push(round);
  }
  process.stdout.write(JSON.stringify(won));
  // Nobody gives up a name before all have asked for it.
  await delay(1000);
  process.exit();
}

function child(args: readonly string[]): Promise<number[]> {
  const { promise, resolve, reject } = Promise.withResolvers<number[]>();
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const claimer = spawn(process.execPath, [bundle, ...args], { env, stdio: ["ignore", "pipe", "ignore"] });
  let text = "";
  claimer.stdout.on("data", (chunk) => {
    text += chunk;
  });
  claimer.on("error", reject).on("close", () => resolve(JSON.parse(text) as number[]));
  return promise;
}

if (role === "claim") {
  await claimAll();
} else {
  describe("a pod's pipe", () => {
    it("has one daemon, however many ask for it at once", async () => {
      const args = ["claim", `\\\\.\\pipe\\claim-${randomUUID()}`, String(Date.now() + 2000)];
      const won = await Promise.all(Array.from({ length: DAEMONS }, () => child(args)));
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
