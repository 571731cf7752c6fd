import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type ErrorKind, isKind } from "../../../../errors/shim-error.ts";
import { checkVfio, hasVfio } from "../../../vfio.ts";
import { devicesSupported } from "./devices.ts";

const ADDRESS = "0000:03:00.0";
let root = "";
const where = () => ({ sys: join(root, "sys"), dev: join(root, "dev") });
const device = () => join(root, "sys/bus/pci/devices", ADDRESS);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "pci-test-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function refused(kind: ErrorKind, message: RegExp, address = ADDRESS): void {
  assert.throws(
    () => checkVfio(address, where()),
    (error) => isKind(error, kind) && message.test(String(error)),
  );
}

describe("a PCI device of the host", () => {
  it("is given away only when all stands ready, and each thing in the way is told with its remedy", () => {
    refused("invalid-argument", /not like 0000:03:00.0/, "../../etc");
    refused("not-found", /does not exist on this host/);
    mkdirSync(device(), { recursive: true });
    refused("failed-precondition", /has no driver; .*write vfio-pci to .*driver_override/);
    symlinkSync("../../drivers/nvme", join(device(), "driver"));
    refused("failed-precondition", /is bound to nvme; .*unbind/);
    rmSync(join(device(), "driver"));
    symlinkSync("../../drivers/vfio-pci", join(device(), "driver"));
    refused("failed-precondition", /in no IOMMU group; .*turn the IOMMU on/);
    symlinkSync("../../../kernel/iommu_groups/12", join(device(), "iommu_group"));
    refused("failed-precondition", /has no .*\/dev\/vfio\/12; .*load the module vfio-pci/);
    mkdirSync(join(root, "dev/vfio"), { recursive: true });
    writeFileSync(join(root, "dev/vfio/12"), "");
    checkVfio(ADDRESS, where());
    assert.equal(hasVfio(where().dev), false);
  });

  it("is supported where the host has VFIO, as other resources are where QEMU can", () => {
    assert.equal(devicesSupported("pci", "add"), hasVfio());
    assert.deepEqual([devicesSupported("vpmem", "add"), devicesSupported("vpmem", "remove")], [true, false]);
    assert.deepEqual([devicesSupported("processor", "update"), devicesSupported("processor", "remove")], [true, false]);
  });
});
