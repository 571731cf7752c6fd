import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { isKind } from "../../errors/shim-error.ts";
import { scsiDisks } from "./scsi-disks.ts";

describe("SCSI disks", () => {
  let directory = "";
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "gcs-scsi-"));
    mkdirSync(join(directory, "dev"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  /** As the kernel shows it: hosts are numbered as they are found, not as the slots are. */
  function plug(slot: string, host: number, lun: number, name: string): string {
    const scsi = join(
      directory,
      `0000:00:${slot}.0/virtio${host + 3}/host${host}/target${host}:0:0/${host}:0:0:${lun}`,
    );
    mkdirSync(join(scsi, "block", name), { recursive: true });
    writeFileSync(join(directory, "dev", name), "");
    return scsi;
  }
  const disks = (withinMs = 0) => scsiDisks({ devices: directory, dev: join(directory, "dev"), withinMs });

  it("are found by their controller's slot and their LUN", async () => {
    plug("06", 0, 1, "sda");
    plug("04", 1, 1, "sdb");
    plug("04", 1, 11, "sdc");
    assert.equal(await disks().find({ controller: 2, lun: 1 }), join(directory, "dev/sda"));
    assert.equal(await disks().find({ controller: 0, lun: 1 }), join(directory, "dev/sdb"));
    assert.equal(await disks().find({ controller: 0, lun: 11 }), join(directory, "dev/sdc"));
    await assert.rejects(
      disks().find({ controller: 1, lun: 1 }),
      (error: Error) => isKind(error, "not-found") && /controller 1, LUN 1/.test(error.message),
    );
  });

  it("are waited for", async () => {
    const found = disks(30_000).find({ controller: 3, lun: 63 });
    setImmediate(() => plug("07", 0, 63, "sda"));
    assert.equal(await found, join(directory, "dev/sda"));
  });

  it("are waited for while their drivers load, however long: a container of a slow guest was refused for that", async () => {
    let loaded = (): void => {};
    const drivers = new Promise<void>((resolve) => {
      loaded = resolve;
    });
    const { find } = scsiDisks({ devices: directory, dev: join(directory, "dev"), withinMs: 0, drivers });
    const found = find({ controller: 0, lun: 0 });
    plug("04", 0, 0, "sda");
    loaded();
    assert.equal(await found, join(directory, "dev/sda"));
  });

  it("are waited for until they open: the kernel makes the node before the disk", async () => {
    plug("04", 0, 5, "sda");
    const node = join(directory, "dev/sda");
    rmSync(node);
    // A socket's file is one that says ENXIO.
    const server = createServer().listen(node);
    await once(server, "listening");
    await assert.rejects(disks().find({ controller: 0, lun: 5 }), { kind: "not-found" });
    const found = disks(30_000).find({ controller: 0, lun: 5 });
    server.close();
    rmSync(node, { force: true });
    writeFileSync(node, "");
    assert.equal(await found, node);
  });

  it("are let go of once", async () => {
    const scsi = plug("04", 0, 0, "sda");
    await disks().release({ controller: 0, lun: 0 });
    assert.equal(readFileSync(join(scsi, "delete"), "utf8"), "1");
    rmSync(scsi, { recursive: true });
    await disks().release({ controller: 0, lun: 0 });
    await disks().release({ controller: 1, lun: 0 });
  });
});
