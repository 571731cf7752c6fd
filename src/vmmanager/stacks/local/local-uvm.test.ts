import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { notFound, ShimError } from "../../../errors/shim-error.ts";
import type { Gcs } from "../../../gcs/gcs.ts";
import { createMemorySockets } from "../../../transport/memory.ts";
import { LocalUvm } from "./local-uvm.ts";

it("gives back every container that it can, also past one that it cannot, which a second try takes", async (t) => {
  const stateDirectory = mkdtempSync(join(tmpdir(), "uvm-local-"));
  t.after(() => rmSync(stateDirectory, { recursive: true, force: true }));
  const held = new Set(["c1", "c2", "c3"]);
  for (const id of held) mkdirSync(join(stateDirectory, "containers", id), { recursive: true });
  let stuck = "";
  const host = {
    shutdownGuest: async () => {},
    deleteContainerState: async (id: string) => {
      if (!held.has(id)) throw notFound(`container ${id} does not exist`);
      // Whichever comes first: the order is the directory's.
      if (stuck === "") stuck = id;
      if (stuck === id) throw new ShimError("internal", `container ${id} is busy`);
      held.delete(id);
    },
  };
  const run = ({ signal }: { signal: AbortSignal }) =>
    new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  const gcs = { host, run, killCommands: async () => {}, endCommands: async () => {} } as unknown as Gcs;
  const uvm = new LocalUvm({ id: "v1", stateDirectory }, createMemorySockets().host, gcs);
  await uvm.start();

  await assert.rejects(uvm.terminate(), /is busy/);
  assert.deepEqual([...held], [stuck]);
  stuck = "none";
  await uvm.terminate();
  assert.equal(held.size, 0);
  assert.equal((await uvm.wait()).error, undefined);
});

it("is not terminated before its containers are given back, though its guest has turned itself off", async (t) => {
  const stateDirectory = mkdtempSync(join(tmpdir(), "uvm-local-"));
  t.after(() => rmSync(stateDirectory, { recursive: true, force: true }));
  mkdirSync(join(stateDirectory, "containers", "c1"), { recursive: true });
  let turnOff = (): void => {};
  let giveBack = (): void => {};
  let begun = (): void => {};
  const deleting = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const told: string[] = [];
  const host = {
    shutdownGuest: async () => turnOff(),
    deleteContainerState: () =>
      new Promise<void>((resolve) => {
        told.push("delete");
        giveBack = resolve;
        begun();
      }),
  };
  const run = () =>
    new Promise<void>((resolve) => {
      turnOff = resolve;
    });
  const endCommands = async () => void told.push("commands ended");
  const killCommands = async () => void told.push("commands killed");
  const gcs = { host, run, killCommands, endCommands } as unknown as Gcs;
  const uvm = new LocalUvm({ id: "v1", stateDirectory }, createMemorySockets().host, gcs);
  await uvm.start();

  const first = uvm.terminate();
  await uvm.wait();
  const again = uvm.terminate().then(() => told.push("terminated"));
  await deleting;
  await new Promise(setImmediate);
  assert.deepEqual(told, ["commands killed", "delete"]);
  giveBack();
  await Promise.all([first, again]);
  assert.deepEqual(told, ["commands killed", "delete", "commands ended", "terminated"]);
  await uvm.terminate();
  assert.equal(told.length, 4);
});
