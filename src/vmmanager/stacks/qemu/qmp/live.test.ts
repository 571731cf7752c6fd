import assert from "node:assert/strict";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { describe, it } from "node:test";
import { runtime } from "#runtime";
import { connectQmp } from "../../../../../test/harness/connect-qmp.ts";
import { isKind } from "../../../../errors/shim-error.ts";
import type { QmpClient } from "./client.ts";
import { removeDevice } from "./device-removal.ts";

const program = "qemu-system-x86_64";

function isInstalled(): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const skip = isInstalled() ? false : `needs ${program} (Debian: qemu-system-x86) on PATH`;

/** The socket is there a moment after the program starts. */
async function connectSoon(path: string, signal: AbortSignal): Promise<QmpClient> {
  for (;;) {
    try {
      return await connectQmp(path, { signal });
    } catch (error) {
      if (!isKind(error, "unavailable")) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
      signal.throwIfAborted();
    }
  }
}

describe("QMP with a real QEMU", () => {
  it("greets, starts and stops, adds and removes a device, and says goodbye", { skip }, async () => {
    const directory = mkdtempSync(join(tmpdir(), "qmp-"));
    const path = join(directory, "qmp.sock");
    const argv = `${program} -S -nodefaults -no-user-config -display none -machine pc -accel tcg -m 16`.split(" ");
    argv.push("-device", "virtio-serial-pci,id=vser0", "-qmp", `unix:${path},server=on,wait=off`);
    const qemu = runtime.spawn(argv);
    try {
      const client = await connectSoon(path, AbortSignal.timeout(30_000));
      assert.ok((client.version?.major ?? 0) >= 7);
      assert.deepEqual(await client.execute("query-status"), { status: "prelaunch", running: false });
      const resumed = client.next("RESUME");
      await client.execute("cont");
      await resumed;
      await client.execute("stop");
      assert.deepEqual(await client.execute("query-status"), { status: "paused", running: false });

      await client.execute("chardev-add", { id: "c", backend: { type: "null", data: {} } });
      await client.execute("device_add", {
        driver: "virtserialport",
        id: "p",
        bus: "vser0.0",
        chardev: "c",
        name: "port",
      });
      await removeDevice(client, "p", { signal: AbortSignal.timeout(30_000) });
      await removeDevice(client, "p", { signal: AbortSignal.timeout(30_000) });
      await client.execute("chardev-remove", { id: "c" });
      await assert.rejects(client.execute("netdev_del", { id: "n" }), (error) => isKind(error, "not-found"));

      const shutdown = client.next("SHUTDOWN");
      await client.execute("quit");
      assert.deepEqual(await shutdown, { guest: false, reason: "host-qmp-quit" });
      assert.ok(isKind(await client.closed, "unavailable"));
      assert.equal((await qemu.exited).code, 0);
    } finally {
      qemu.kill(9);
      await qemu.exited;
      rmSync(directory, { recursive: true });
    }
  });

  it("says that nobody listens", async () => {
    const directory = mkdtempSync(join(tmpdir(), "qmp-"));
    try {
      await assert.rejects(
        connectQmp(join(directory, "none.sock")),
        (error) => isKind(error, "unavailable") && /does not answer; cannot connect/.test(String(error)),
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
