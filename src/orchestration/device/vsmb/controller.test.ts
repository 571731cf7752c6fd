import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { DeviceStandIn } from "../../../../test/compliance/device-stand-in.ts";
import { notFound } from "../../../errors/shim-error.ts";
import { defaultVsmbOptions, VsmbController } from "./controller.ts";

const limits = { host: 50, guest: 50 };
const SHARES = "\\\\?\\VMSMB\\VSMB-{dcc079ae-60ba-4d07-847c-3493609c0870}\\";
const READ_ONLY = "shareRead cacheIo readOnly pseudoOplocks";
let vm: DeviceStandIn;
let vsmb: VsmbController;

beforeEach(() => {
  vm = new DeviceStandIn();
  const files = {
    isDirectory(path: string): boolean {
      if (path.includes("missing")) throw notFound(`${path} does not exist`);
      return !path.includes(".");
    },
    refusesDirectMap: (directory: string) => directory.startsWith("Z:"),
  };
  vsmb = new VsmbController({ uvm: vm, limits, files });
});

it("the options of a share follow from its mode and the VM's rule", () => {
  assert.deepEqual(defaultVsmbOptions(false, false), {});
  assert.deepEqual(defaultVsmbOptions(false, true), { noDirectMap: true });
  const readOnly = { readOnly: true, shareRead: true, cacheIo: true, pseudoOplocks: true };
  assert.deepEqual(defaultVsmbOptions(true, false), readOnly);
});

describe("the VSMB shares of a VM", () => {
  it("are named in turn, and one for all who write the same path, in whatever way", async () => {
    const all = ["C:\\dir", "c:/DIR/", "C:\\other\\..\\dir", "D:\\"].map((hostPath) =>
      vsmb.reserve({ hostPath, readOnly: true }),
    );
    for (const mapping of all) await mapping.map();
    assert.deepEqual(vm.log, [`addVsmbShare s1 C:\\dir ${READ_ONLY}`, `addVsmbShare s2 D:\\ ${READ_ONLY}`]);
    assert.deepEqual(
      all.map(({ guestPath }) => guestPath),
      [`${SHARES}s1`, `${SHARES}s1`, `${SHARES}s1`, `${SHARES}s2`],
    );
    assert.equal(vsmb.guestPathOf({ hostPath: "C:\\DIR", readOnly: true }), `${SHARES}s1`);
    assert.throws(() => vsmb.guestPathOf({ hostPath: "C:\\dir", readOnly: false }), { kind: "not-found" });
  });

  it("are of their own for each mode and set of options", async () => {
    for (const options of [{}, { takeBackupPrivilege: true }, { takeBackupPrivilege: false }])
      await vsmb.reserve({ hostPath: "C:\\dir", readOnly: true, options }).map();
    await vsmb.reserve({ hostPath: "C:\\dir", readOnly: false }).map();
    assert.deepEqual(vm.log, [
      `addVsmbShare s1 C:\\dir ${READ_ONLY}`,
      `addVsmbShare s2 C:\\dir ${READ_ONLY} takeBackupPrivilege`,
      "addVsmbShare s3 C:\\dir",
    ]);
  });

  it("show a single file of a directory, each its own, beside the whole directory", async () => {
    const all = ["C:\\dir\\a.txt", "C:\\dir\\b.txt", "C:\\dir"].map((hostPath) =>
      vsmb.reserve({ hostPath, readOnly: false }),
    );
    for (const mapping of all) await mapping.map();
    assert.deepEqual(vm.log, [
      "addVsmbShare s1 C:\\dir C:\\dir\\a.txt restrictFileAccess singleFileMapping",
      "addVsmbShare s2 C:\\dir C:\\dir\\b.txt restrictFileAccess singleFileMapping",
      "addVsmbShare s3 C:\\dir",
    ]);
    assert.equal(all[1]?.guestPath, `${SHARES}s2\\b.txt`);
  });

  it("stay when they are mapped into the guest's memory, for the next who asks", async () => {
    const request = { hostPath: "C:\\dir", readOnly: true };
    const first = vsmb.reserve(request);
    await first.map();
    await first.unmap();
    assert.deepEqual([vm.log.length, vsmb.held, vsmb.idle, [...vm.vsmb.keys()]], [1, 0, 1, ["s1"]]);
    const unused = vsmb.reserve(request);
    await unused.unmap();
    const again = vsmb.reserve(request);
    await again.map();
    assert.deepEqual([again.guestPath, vm.log.length, vsmb.held, vsmb.idle], [first.guestPath, 1, 1, 0]);
    await again.unmap();
    assert.deepEqual([vsmb.held, vsmb.idle], [0, 1]);
  });

  it("go where they are not, by the VM's rule or the file system's, and where nobody was told of them", async () => {
    const away = vsmb.reserve({ hostPath: "Z:\\dir", readOnly: false });
    await away.map();
    await away.unmap();
    assert.deepEqual(vm.log, ["addVsmbShare s1 Z:\\dir noDirectMap", "removeVsmbShare s1"]);
    vm.lateFaults.addVsmbShare = () => {
      throw new Error("planted");
    };
    const lost = vsmb.reserve({ hostPath: "C:\\dir", readOnly: false });
    await assert.rejects(lost.map(), /planted/);
    await lost.unmap();
    assert.deepEqual([vm.left(), vsmb.held, vsmb.idle], [[], 0, 0]);
  });

  it("are refused where they may not be written to, and where there is nothing to share", () => {
    vm.shareRules = { readOnly: true };
    assert.throws(() => vsmb.reserve({ hostPath: "C:\\dir", readOnly: false }), {
      kind: "permission-denied",
      message: /C:\\dir is writable; cannot add it/,
    });
    assert.throws(() => vsmb.reserve({ hostPath: "C:\\missing", readOnly: true }), { kind: "not-found" });
    vsmb.reserve({ hostPath: "C:\\dir", readOnly: true });
    assert.equal(vsmb.held, 1);
  });
});
