import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { runtime } from "#runtime";
import { unknown, VmServiceStandIn } from "../../../../test/compliance/vm-service-stand-in.ts";
import { leakedFds, openFds } from "../../../sys/fd-leaks.ts";
import type { UtilityVM } from "../../uvm.ts";
import { createRemoteStack } from "./stack.ts";

const files = { kernel: "/i/vmlinuz", initrd: "/i/initrd.cpio", root: "/i/root.erofs" };
/** Shares are mounts. */
const isRoot = process.getuid?.() === 0;

describe("the stack remotevm, on a stand-in for a service", {
  timeout: 60_000,
  skip: isRoot ? false : "needs root",
}, () => {
  let service: VmServiceStandIn;
  let stateDirectory: string;
  let before: ReturnType<typeof openFds>;
  const stack = () => createRemoteStack({ service: { address: service.socketPath }, ...files });
  const create = (): Promise<UtilityVM> => stack().create({ id: "v1", stateDirectory });

  beforeEach(async () => {
    before = openFds();
    service = await new VmServiceStandIn().listen();
    // Deeper than a socket's address goes.
    stateDirectory = join(mkdtempSync(join(tmpdir(), "uvm-remotevm-")), "x".repeat(120));
    mkdirSync(stateDirectory);
  });
  afterEach(async () => {
    await service.close();
    assert.deepEqual(readdirSync(stateDirectory), [], "left behind");
    rmSync(join(stateDirectory, ".."), { recursive: true });
    assert.deepEqual(await leakedFds(before), []);
  });

  const withUvm = async (run: (uvm: UtilityVM) => Promise<void>): Promise<void> => {
    const uvm = await create();
    try {
      await run(uvm);
    } finally {
      await uvm.close();
    }
  };

  it("creates a VM that stands, and starts, pauses, resumes and tears it down, each once", () =>
    withUvm(async (uvm) => {
      assert.equal((await uvm.properties()).state, "created");
      await assert.rejects(uvm.pause(), { kind: "failed-precondition" });
      await uvm.start();
      await assert.rejects(uvm.start(), { kind: "failed-precondition" });
      await uvm.pause();
      await uvm.resume();
      await Promise.all([uvm.terminate(), uvm.terminate()]);
      assert.deepEqual(
        service.log.filter((call) => !["capabilities", "properties"].includes(call)),
        ["create", "wait", "resume", "pause", "resume", "teardown"],
      );
      assert.equal((await uvm.wait()).error, undefined);
      await assert.rejects(uvm.start(), { kind: "failed-precondition" });
    }));

  it("has one waiter at the service, however many wait", () =>
    withUvm(async (uvm) => {
      await uvm.start();
      const waiters = [uvm.wait(), uvm.wait(), uvm.wait()];
      service.halt("the guest powered off");
      for (const exit of await Promise.all(waiters)) {
        assert.match(String(exit.error), /vm v1 has ended: the guest has halted \(the guest powered off\)/);
      }
      assert.equal(service.log.filter((call) => call === "wait").length, 1);
      // It is there until somebody takes it down, and the service has room for one.
      assert.equal(service.log.at(-1), "teardown");
    }));

  it("ends with its service, and says so to all", () =>
    withUvm(async (uvm) => {
      await uvm.start();
      const accepted = uvm.sockets.listen(7).accept();
      await service.close();
      assert.match(String((await uvm.wait()).error), /vm v1 has ended: its service has hung up/);
      await assert.rejects(accepted, { kind: "unavailable" });
      await assert.rejects(uvm.pause(), { kind: "failed-precondition" });
    }));

  it("listens where the service brings what the guest dials", () =>
    withUvm(async (uvm) => {
      const listener = uvm.sockets.listen(0x4000_0000);
      await uvm.start();
      const { complexes } = { complexes: service.request?.config?.pcie?.rootComplexes ?? [] };
      const path = complexes[0]?.rootPorts[1]?.attached?.device?.virtio?.vsock?.socketPath ?? "";
      // What an address has room for, the longest port included.
      assert.ok(path.length + "_4294967295".length <= 107);
      const guest = await runtime.connect(`${path}_1073741824`);
      (await listener.accept()).destroy();
      guest.destroy();
      listener.close();
    }));

  it("shows the guest's console", () =>
    withUvm(async (uvm) => {
      service.console?.write(Buffer.from("uvm: initramfs\n"));
      for (const until = performance.now() + 30_000; uvm.console?.tail(1).length === 0; ) {
        assert.ok(performance.now() < until, "no line comes");
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      assert.deepEqual(uvm.console?.tail(1), ["uvm: initramfs"]);
    }));

  it("adds and removes disks on controller 0 by LUN, and refuses beforehand what the service would get wrong", () =>
    withUvm(async (uvm) => {
      const disk = join(service.directory, "disk.img");
      writeFileSync(disk, "x");
      await uvm.start();
      const at = { controller: 0, lun: 4 };
      await uvm.addScsiDisk({ ...at, hostPath: disk, readOnly: false });
      await assert.rejects(uvm.addScsiDisk({ ...at, hostPath: disk, readOnly: false }), { kind: "already-exists" });
      await uvm.removeScsiDisk(at);
      await assert.rejects(uvm.removeScsiDisk(at), { kind: "not-found" });
      assert.deepEqual(service.log.slice(-2), [`disk add 4 ${disk}`, `disk remove 4 ${disk}`]);
      const refused = { controller: 0, lun: 5, hostPath: disk, readOnly: true };
      // The disk that makes hot-plugging possible is not anybody's.
      await assert.rejects(uvm.addScsiDisk({ ...refused, lun: 63 }), { kind: "already-exists" });
      assert.deepEqual(uvm.scsiLimits.reserved, [{ controller: 0, lun: 63 }]);
      await assert.rejects(uvm.addScsiDisk({ ...refused, controller: 1 }), { kind: "invalid-argument" });
      await assert.rejects(uvm.addScsiDisk({ ...refused, hostPath: "/no/disk" }), { kind: "not-found" });
      await assert.rejects(uvm.addScsiDisk({ ...refused, hostPath: "/a/layer.VHDX" }), { kind: "invalid-argument" });
      service.faults.disk = () => {
        throw unknown("no scsi controller");
      };
      await assert.rejects(uvm.addScsiDisk(refused), { kind: "failed-precondition" });
      delete service.faults.disk;
      await uvm.addScsiDisk(refused);
    }));

  it("shares directories below the one that the VM booted with", () =>
    withUvm(async (uvm) => {
      const [shares] = service.request?.config?.devicesConfig?.virtiofsConfig ?? [];
      await uvm.start();
      await uvm.addPlan9Share({ name: "s", hostPath: service.directory, readOnly: true });
      assert.ok(existsSync(join(shares?.rootPath ?? "", "s")));
      await assert.rejects(uvm.addPlan9Share({ name: "s", hostPath: "/", readOnly: true }), { kind: "already-exists" });
      await uvm.removePlan9Share("s");
      assert.ok(!existsSync(join(shares?.rootPath ?? "", "s")));
    }));

  it("has statistics where the service tells any, which OpenVMM's does not", async () => {
    await withUvm(async (uvm) => {
      assert.equal(uvm.supported("statistics", "read"), false);
      await assert.rejects(uvm.statistics(), { kind: "unimplemented" });
    });
    service.hasStatistics = true;
    await withUvm(async (uvm) => {
      assert.ok(uvm.supported("statistics", "read"));
      assert.equal((await uvm.statistics()).memory.assignedBytes, 2n << 20n);
    });
  });

  it("leaves nothing of a create that fails: no VM at the service, no mount, no file", async () => {
    service.faults.properties = () => {
      throw unknown("the sky has fallen");
    };
    await assert.rejects(create(), { kind: "internal", message: /sky has fallen/ });
    assert.equal(service.log.at(-1), "teardown");
    service.faults.create = service.faults.properties;
    await assert.rejects(create(), { kind: "internal" });
    delete service.faults.create;
    delete service.faults.properties;
    service.guests = [];
    await assert.rejects(create(), { kind: "unimplemented" });
  });

  it("takes the service that annotations name only where it may, and no other stack's VM", async () => {
    const vmService = { source: "vmservice", address: service.socketPath };
    const options = { id: "v1", stateDirectory, vmService };
    await assert.rejects(stack().create(options), {
      kind: "failed-precondition",
      message: /set remotevm\.annotations/,
    });
    const open = createRemoteStack({ service: { address: "/no/service" }, annotations: true, ...files });
    await (await open.create(options)).close();
    assert.deepEqual([service.log.includes("create"), service.log.at(-1)], [true, "teardown"]);
    const hcs = open.create({ ...options, vmService: { source: "hcs" } });
    await assert.rejects(hcs, { kind: "failed-precondition", message: /is to come from hcs/ });
  });

  it("refuses a second VM of the same service, and one of a service that is not there", async () => {
    await withUvm(async () => {
      const other = mkdtempSync(join(tmpdir(), "uvm-remotevm-"));
      await assert.rejects(stack().create({ id: "v2", stateDirectory: other }), { kind: "already-exists" });
      rmSync(other, { recursive: true });
    });
    const nowhere = createRemoteStack({ service: { address: join(service.directory, "no") }, ...files });
    await assert.rejects(nowhere.create({ id: "v1", stateDirectory }), {
      kind: "unavailable",
      message: /nothing serves VMs at .*: start a service there/,
    });
  });
});
