import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { hcsSetup, lcowOptions, systemOf, wcowOptions, windowsHost } from "../../../../test/compliance/hcs-setup.ts";
import { lcowBase, wcowBase } from "../../../../test/golden/hcs/base-documents.ts";
import type { Options } from "../../../generated/containerd/runhcs/v1.ts";
import type { UvmOptions } from "../../uvm.ts";

const V = "io.microsoft.virtualmachine.";
const NO_VPMEM = { [`${V}devices.virtualpmem.maximumcount`]: "0" };

/** What HCS is given first: the VM's document. */
async function created(options: UvmOptions, files = windowsHost.files) {
  const setup = hcsSetup({ host: () => ({ ...windowsHost, files }) });
  const uvm = await setup.stack.create(options);
  const grants = setup.core.calls.flatMap(({ call, path }) => (call === "grantVmAccess" ? [path] : []));
  const document = setup.core.calls.find(({ call }) => call === "create")?.document as Record<string, unknown>;
  const system = systemOf(setup);
  await uvm.close();
  assert.equal(setup.core.openHandles.size, 0);
  return { document, grants, work: setup.work, system, uvm };
}

function withOptions(options: UvmOptions, more: Partial<Options>, spec?: object): UvmOptions {
  const { runhcs } = options;
  assert.ok(runhcs !== undefined);
  return { ...options, runhcs: { spec: spec ?? runhcs.spec, options: { ...runhcs.options, ...more } } };
}

describe("a VM of stack hcs", () => {
  it("is made of the sandbox's annotations and options, under hcsshim's name of it", async () => {
    const { document, system, uvm, work, grants } = await created(lcowOptions(NO_VPMEM));
    const base = structuredClone(lcowBase) as unknown as Record<string, never> & typeof lcowBase;
    // This host has no uncompressed kernel.
    base.VirtualMachine.Chipset.LinuxKernelDirect.KernelFilePath = "C:\\boot\\kernel";
    assert.deepEqual(document, base);
    assert.equal(system.id, "p1@vm");
    assert.deepEqual([uvm.id, uvm.os, work, grants], ["p1", "linux", [], []]);
    assert.deepEqual(uvm.scsiLimits, { controllers: 4, luns: 64, reserved: [] });
    assert.deepEqual([uvm.vpmemLimits, uvm.shareRules], [undefined, { readOnly: false }]);
  });

  it("tells what its document gives it of VPMem, and its rule of shares", async () => {
    const annotations = {
      [`${V}devices.virtualpmem.maximumcount`]: "16",
      [`${V}devices.virtualpmem.maximumsizebytes`]: "8589934592",
      [`${V}fileshares.disablewritable`]: "true",
    };
    const { uvm } = await created(lcowOptions(annotations));
    assert.deepEqual(uvm.vpmemLimits, { devices: 16, deviceBytes: 8n << 30n, multiMapping: true, reserved: [] });
    assert.deepEqual(uvm.shareRules, { readOnly: true });
    assert.equal(uvm.scsiLimits.controllers, 1);
  });

  it("with a Windows guest boots from its layers, on a disk that is there", async () => {
    const { document, uvm, work, grants } = await created(wcowOptions());
    const scratch = "C:\\scratch\\vm\\sandbox.vhdx";
    const shown = JSON.parse(
      JSON.stringify(wcowBase).replaceAll(JSON.stringify("C:\\scratch.vhdx"), JSON.stringify(scratch)),
    );
    assert.deepEqual(document, shown);
    assert.deepEqual([uvm.os, work, grants], ["windows", [], [`p1@vm ${scratch}`]]);
    assert.deepEqual(uvm.scsiLimits, { controllers: 1, luns: 64, reserved: [{ controller: 0, lun: 0 }] });
    assert.deepEqual(uvm.shareRules, { readOnly: false, noDirectMap: false });
  });

  it("with a Windows guest gets its disk from the layer's, before it is let at it", async () => {
    const { work, grants } = await created(wcowOptions(), new Set());
    assert.deepEqual(work, [
      "make C:\\scratch\\vm",
      "copy C:\\layer\\UtilityVM\\SystemTemplate.vhdx C:\\scratch\\vm\\sandbox.vhdx",
    ]);
    assert.deepEqual(grants, ["p1@vm C:\\scratch\\vm\\sandbox.vhdx"]);
  });

  it("that is confidential has its own copies, which all VMs may read, and can't be saved", async () => {
    const files = new Set(["C:\\boot\\kernel.vmgs", "C:\\boot\\rootfs.vhd"]);
    const { work, uvm } = await created(lcowOptions({ [`${V}lcow.securitypolicy`]: "e30=" }), files);
    assert.deepEqual(work, [
      "copy C:\\boot\\kernel.vmgs C:\\state\\kernel.vmgs",
      "copy C:\\boot\\rootfs.vhd C:\\state\\rootfs.vhd",
      "grant all C:\\state\\kernel.vmgs",
      "grant all C:\\state\\rootfs.vhd",
    ]);
    assert.ok(!uvm.supported("lifetime", "save") && !uvm.supported("lifetime", "restore"));
  });

  it("has the guest of its spec where the options name no platform", async () => {
    const options = (base: UvmOptions) => withOptions(base, { sandboxPlatform: "" });
    assert.equal((await created(options(lcowOptions()))).uvm.os, "linux");
    assert.equal((await created(options(wcowOptions()))).uvm.os, "windows");
  });

  it("is as big as the shim is configured where the options say nothing", async () => {
    const sizing = { processors: 4, maxProcessors: 8, memoryMiB: 512, maxMemoryMiB: 4096 };
    const size = async (more: Partial<Options>) => {
      const { document } = await created({ ...withOptions(lcowOptions(), more), sizing });
      const { Memory, Processor } = (document as unknown as typeof lcowBase).VirtualMachine.ComputeTopology;
      return [Memory.SizeInMB, Processor.Count];
    };
    assert.deepEqual(await size({}), [512, 4]);
    assert.deepEqual(await size({ vmMemorySizeInMb: 2048, vmProcessorCount: 1 }), [2048, 1]);
  });

  it("can't be made without a spec, without layers, or of layers that are none", async () => {
    const { stack, core } = hcsSetup();
    const { runhcs: _, ...bare } = lcowOptions();
    await assert.rejects(stack.create(bare), { kind: "invalid-argument", message: /needs the sandbox's spec/ });
    const wcow = (windows: unknown) => withOptions(wcowOptions(), {}, { windows });
    await assert.rejects(stack.create(wcow(undefined)), {
      kind: "invalid-argument",
      message: /no windows.layerFolders/,
    });
    await assert.rejects(stack.create(wcow({ layerFolders: [7] })), { kind: "invalid-argument", message: /no list/ });
    await assert.rejects(stack.create(wcow({ layerFolders: ["C:\\x", "C:\\y"] })), { kind: "not-found" });
    const policy = wcowOptions({ [`${V}wcow.securitypolicy`]: "e30=" });
    await assert.rejects(stack.create(policy), {
      kind: "unimplemented",
      message: /no confidential VMs with a Windows/,
    });
    assert.deepEqual(core.calls, []);
  });

  it("is warned of by name, for annotations that can't be read", async () => {
    const lines: string[] = [];
    const log = { warn: (line: string) => lines.push(line) } as never;
    const { stack } = hcsSetup({ log });
    await (await stack.create(lcowOptions({ [`${V}computetopology.memory.sizeinmb`]: "much" }))).close();
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /^vm p1: .*sizeinmb of vm p1@vm is "much"/);
  });

  it("is not made where a file can't be had; the grants that were before stay, as hcsshim's", async () => {
    const { stack, core } = hcsSetup();
    core.faults.grantVmAccess = () => {
      throw new Error("no");
    };
    await assert.rejects(stack.create(wcowOptions()), /no/);
    assert.ok(!core.calls.some(({ call }) => call === "create"));
  });

  it("has the same places taken after a restore: those of its boot, not those of what came later", async (t) => {
    const directory = mkdtempSync(join(tmpdir(), "hcs-saved-"));
    t.after(() => rmSync(directory, { recursive: true }));
    const { stack } = hcsSetup({
      host: () => ({ ...windowsHost, files: new Set(["C:\\boot\\kernel", "C:\\boot\\rootfs.vhd"]) }),
    });
    for (const annotations of [{}, NO_VPMEM]) {
      const uvm = await stack.create(lcowOptions({ ...annotations, "io.microsoft.migration.support-enabled": "true" }));
      const before = [uvm.scsiLimits, uvm.vpmemLimits];
      assert.equal((uvm.vpmemLimits ?? uvm.scsiLimits).reserved?.length, 1);
      await uvm.start();
      await uvm.addScsiDisk({ controller: 0, lun: 5, hostPath: "C:\\a.vhdx", readOnly: true });
      if (uvm.vpmemLimits) await uvm.addVpmemDevice({ deviceNumber: 4, hostPath: "C:\\l.vhd", readOnly: true });
      await uvm.pause();
      await uvm.save({ directory });
      await uvm.close();
      const again = await stack.restore(lcowOptions(), { directory });
      assert.deepEqual([again.scsiLimits, again.vpmemLimits], before);
      await again.close();
    }
  });

  it("restores only what was saved here, as its own", async () => {
    const { stack } = hcsSetup();
    const restore = (more: object) => stack.restore(lcowOptions(), { directory: "/no/such", ...more });
    await assert.rejects(restore({}), { kind: "not-found" });
    await assert.rejects(restore({ disks: new Map() }), { kind: "unimplemented" });
    await assert.rejects(restore({ adapterFds: new Map([["nic", 3]]) }), { kind: "invalid-argument" });
  });
});
