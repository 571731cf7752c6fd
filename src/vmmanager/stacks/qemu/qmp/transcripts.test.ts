import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { QmpTranscript } from "../../../../../test/harness/qmp-transcript.ts";
import { type ErrorKind, isKind, kindOf } from "../../../../errors/shim-error.ts";
import { QmpClient } from "./client.ts";
import { removeDevice } from "./device-removal.ts";
import { migrate, migrateIncoming } from "./migration.ts";
import { QmpCommandError } from "./qmp-error.ts";

/** What a real QEMU 7.2 said, recorded with the command line at the head of each file. */
const load = (name: string): QmpTranscript => QmpTranscript.load(new URL(`testdata/${name}.txt`, import.meta.url));

async function withTranscript(name: string, run: (client: QmpClient) => Promise<void>): Promise<void> {
  const transcript = load(name);
  const client = await QmpClient.over(transcript.client);
  try {
    await Promise.race([run(client), transcript.played.then(() => client.closed)]);
    await transcript.played;
    assert.ok(isKind(await client.closed, "unavailable"));
  } finally {
    client.close();
  }
}

const refusal = (kind: ErrorKind, desc: RegExp) => (error: unknown) =>
  isKind(error, kind) &&
  error instanceof Error &&
  error.cause instanceof QmpCommandError &&
  desc.test(error.cause.desc) &&
  error.message.startsWith("QEMU refused ");

describe("QMP transcripts", () => {
  it("lifecycle: status, stop, cont, refusals, quit", () =>
    withTranscript("lifecycle", async (client) => {
      const seen: string[] = [];
      for (const name of ["STOP", "RESUME", "POWERDOWN"] as const) client.on(name, () => seen.push(name));
      client.on("SHUTDOWN", ({ guest, reason }) => seen.push(`SHUTDOWN ${guest} ${reason}`));
      assert.deepEqual(client.version, { major: 7, minor: 2, micro: 22, package: "Debian 1:7.2+dfsg-7+deb12u18+b3" });
      assert.deepEqual(await client.execute("query-status"), { status: "prelaunch", running: false });
      assert.deepEqual(await client.execute("query-version"), { package: "Debian 1:7.2+dfsg-7+deb12u18+b3" });
      await client.execute("cont");
      await client.execute("stop");
      await client.execute("stop");
      assert.deepEqual(await client.execute("query-status"), { status: "paused", running: false });
      await client.execute("system_powerdown");
      // @ts-expect-error: commands that we don't know are no commands.
      await assert.rejects(client.execute("no-such-command"), refusal("unimplemented", /has not been found/));
      await assert.rejects(client.execute("device_del", { id: "x" }), refusal("not-found", /Device 'x' not found/));
      await assert.rejects(
        client.execute("qom-get", { path: "/machine", property: "nope" }),
        refusal("invalid-argument", /none-machine.nope/),
      );
      await assert.rejects(
        client.execute("migrate", { uri: "nonsense:" }),
        refusal("invalid-argument", /valid migration/),
      );
      assert.equal((await client.execute("query-migrate")).status, "failed");
      await client.execute("quit");
      assert.deepEqual(seen, ["RESUME", "STOP", "POWERDOWN", "SHUTDOWN false host-qmp-quit"]);
    }));

  it("devices: memory, disks, ports, adapters, balloon, each added and removed", () =>
    withTranscript("devices", async (client) => {
      const free = (await client.execute("query-hotpluggable-cpus")).filter(({ qomPath }) => qomPath === undefined);
      assert.deepEqual(free, [
        {
          type: "max-x86_64-cpu",
          vcpusCount: 1,
          props: { nodeId: 0, socketId: 0, coreId: 1, threadId: 0 },
          qomPath: undefined,
        },
      ]);
      const [cpu] = await client.execute("query-cpus-fast");
      assert.equal(typeof cpu?.threadId, "number");
      await client.execute("object-add", { "qom-type": "memory-backend-ram", id: "mem1", size: 134217728 });
      await client.execute("device_add", { driver: "pc-dimm", id: "dimm1", memdev: "mem1" });
      const [dimm] = await client.execute("query-memory-devices");
      assert.equal(dimm?.type, "dimm");
      assert.deepEqual([dimm?.data.id, dimm?.data.size, dimm?.data.addr], ["dimm1", 134217728n, 4294967296n]);

      await client.execute("blockdev-add", {
        driver: "null-co",
        "node-name": "disk0",
        size: 1048576,
        "read-only": true,
      });
      const lun = { driver: "scsi-hd", id: "lun0", bus: "scsi0.0", drive: "disk0", channel: 0, "scsi-id": 0, lun: 3 };
      await client.execute("device_add", lun);
      await assert.rejects(client.execute("device_add", lun), refusal("already-exists", /Duplicate device ID/));
      await assert.rejects(
        client.execute("blockdev-del", { "node-name": "disk0" }),
        refusal("failed-precondition", /is in use/),
      );
      await removeDevice(client, "lun0");
      await client.execute("blockdev-del", { "node-name": "disk0" });

      await client.execute("chardev-add", { id: "c1", backend: { type: "null", data: {} } });
      await client.execute("device_add", {
        driver: "virtserialport",
        id: "p1",
        bus: "vser0.0",
        chardev: "c1",
        name: "port1",
        nr: 3,
      });
      await removeDevice(client, "p1");
      await client.execute("chardev-remove", { id: "c1" });
      await client.execute("netdev_add", { type: "user", id: "n1" });
      await client.execute("netdev_add", { type: "hubport", id: "n2", hubid: 0 });
      await client.execute("device_add", {
        driver: "virtio-net-pci",
        id: "nic1",
        netdev: "n2",
        mac: "52:54:00:12:34:56",
        romfile: "",
        addr: "0x8",
      });
      await client.execute("netdev_del", { id: "n1" });
      await removeDevice(client, "nope");
      await assert.rejects(client.execute("object-del", { id: "mem1" }), refusal("failed-precondition", /in use/));
      await assert.rejects(client.execute("object-del", { id: "nope" }), refusal("not-found", /'nope' not found/));

      assert.deepEqual(await client.execute("query-balloon"), { actual: 201326592n });
      await client.execute("balloon", { value: 50331648 });
      const path = "/machine/peripheral/bal0";
      const property = "guest-stats-polling-interval";
      await client.execute("qom-set", { path, property, value: 1 });
      assert.equal(await client.execute("qom-get", { path, property }), 1);
      await client.execute("qom-get", { path, property: "guest-stats" });
      const children = await client.execute("qom-list", { path: "/machine/peripheral" });
      assert.ok(children.some(({ name, type }) => name === "nic1" && type === "child<virtio-net-pci>"));
      await assert.rejects(
        client.execute("device_add", {
          driver: "max-x86_64-cpu",
          id: "cpu1",
          "socket-id": 1,
          "core-id": 0,
          "thread-id": 0,
        }),
        refusal("invalid-argument", /must be in range/),
      );
      assert.equal((await client.execute("query-cpus-fast")).length, 1);
      await client.execute("quit");
    }));

  it("refusals: each in the kind that it means", () =>
    withTranscript("refusals", async (client) => {
      const refused = async (call: Promise<unknown>): Promise<ErrorKind> => {
        const error = await call.then(
          () => assert.fail("QEMU refused it when this was recorded"),
          (thrown: unknown) => thrown,
        );
        return kindOf(error);
      };
      await client.execute("query-hotpluggable-cpus");
      const cpu = { driver: "max-x86_64-cpu", id: "cpu1", "socket-id": 0, "core-id": 1, "thread-id": 0 };
      await client.execute("device_add", cpu);
      assert.equal((await client.execute("query-cpus-fast")).length, 2);
      await client.execute("device_add", { driver: "virtio-scsi-pci", id: "scsi1", addr: "0x8" });
      await client.execute("device_del", { id: "scsi1" });
      assert.equal(await refused(client.execute("device_del", { id: "scsi1" })), "failed-precondition");
      const scsi1 = "/machine/peripheral/scsi1";
      assert.equal(await client.execute("qom-get", { path: scsi1, property: "realized" }), true);
      assert.equal(
        await refused(client.execute("qom-set", { path: scsi1, property: "nope", value: 1 })),
        "invalid-argument",
      );
      const memory = { "qom-type": "memory-backend-ram", id: "m", size: 1048576 };
      await client.execute("object-add", memory);
      assert.equal(await refused(client.execute("object-add", memory)), "already-exists");
      assert.equal(
        await refused(client.execute("object-add", { "qom-type": "nonsense", id: "m2" })),
        "invalid-argument",
      );
      const chardev = { id: "c", backend: { type: "null", data: {} } };
      assert.deepEqual(await client.execute("chardev-add", chardev), { pty: undefined });
      assert.equal(await refused(client.execute("chardev-add", chardev)), "already-exists");
      assert.equal(await refused(client.execute("chardev-remove", { id: "none" })), "not-found");
      assert.equal(await refused(client.execute("netdev_del", { id: "none" })), "not-found");
      const netdev = { type: "hubport", id: "n", hubid: 0 };
      await client.execute("netdev_add", netdev);
      assert.equal(await refused(client.execute("netdev_add", netdev)), "already-exists");
      const disk = { driver: "null-co", "node-name": "d" };
      await client.execute("blockdev-add", disk);
      assert.equal(await refused(client.execute("blockdev-add", disk)), "already-exists");
      assert.equal(
        await refused(client.execute("blockdev-add", { driver: "file", filename: "/nonexistent", "node-name": "e" })),
        "not-found",
      );
      assert.equal(await refused(client.execute("blockdev-del", { "node-name": "none" })), "not-found");
      assert.equal(await refused(client.execute("device_add", { driver: "nonsense", id: "z" })), "invalid-argument");
      assert.equal(
        await refused(client.execute("device_add", { driver: "scsi-hd", id: "z", bus: "nobus" })),
        "not-found",
      );
      assert.equal(
        await refused(client.execute("device_add", { driver: "virtio-net-pci", id: "y", netdev: "nope" })),
        "not-found",
      );
      assert.equal(await refused(client.execute("balloon", { value: 1 })), "failed-precondition");
      assert.equal(await refused(client.execute("query-balloon")), "failed-precondition");
      const capability = (name: string) => ({ capabilities: [{ capability: name, state: true }] });
      await client.execute("migrate-set-capabilities", capability("x-ignore-shared"));
      assert.equal(await refused(client.execute("migrate-set-capabilities", capability("nope"))), "invalid-argument");
      assert.equal(await refused(client.execute("migrate-incoming", { uri: "unix:/x" })), "failed-precondition");
      await client.execute("quit");
    }));

  it("migration: out, and the VM after it", () =>
    withTranscript("migrate-out", async (client) => {
      assert.equal((await client.execute("query-migrate")).status, undefined);
      await client.execute("migrate-set-capabilities", { capabilities: [{ capability: "events", state: true }] });
      await client.execute("migrate-set-parameters", { "max-bandwidth": 8589934592 });
      const capabilities = await client.execute("query-migrate-capabilities");
      assert.equal(capabilities.find(({ capability }) => capability === "events")?.state, true);
      await migrate(client, "exec:cat>/run/vm/state");
      const { status, ram, totalTimeMs } = await client.execute("query-migrate");
      assert.deepEqual([status, ram?.remaining, ram?.total], ["completed", 0n, 17309696n]);
      assert.ok(totalTimeMs !== undefined && (ram?.transferred ?? 0n) > 0n);
      assert.deepEqual(await client.execute("query-status"), { status: "postmigrate", running: false });
      await client.execute("cont");
      assert.deepEqual(await client.execute("query-status"), { status: "running", running: true });
      await client.execute("migrate_cancel");
      const reset = client.next("RESET");
      await client.execute("system_reset");
      assert.deepEqual(await reset, { guest: false, reason: "host-qmp-system-reset" });
      await client.execute("quit");
    }));

  it("migration: in", () =>
    withTranscript("migrate-in", async (client) => {
      assert.equal((await client.execute("query-status")).status, "inmigrate");
      await client.execute("migrate-set-capabilities", { capabilities: [{ capability: "events", state: true }] });
      await migrateIncoming(client, "exec:cat /run/vm/state");
      assert.equal((await client.execute("query-migrate")).status, "completed");
      assert.equal((await client.execute("query-status")).status, "prelaunch");
      await client.execute("quit");
    }));

  it("migration: failures, with QEMU's reason", () =>
    withTranscript("migrate-fail", async (client) => {
      await client.execute("migrate-set-capabilities", { capabilities: [{ capability: "events", state: true }] });
      await assert.rejects(migrate(client, "exec:exit 1"), /migrate of exec:exit 1 failed: .*Broken pipe/);
      await assert.rejects(migrate(client, "unix:/nonexistent/sock"), /Failed to connect to '\/nonexistent\/sock'/);
      await client.execute("quit");
    }));
});
