import assert from "node:assert/strict";
import { existsSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import { until } from "../../../../test/harness/until.ts";
import { guestHost } from "../../../../test/windows/hcs-host.ts";
import type { ErrorKind } from "../../../errors/shim-error.ts";
import { createLogger } from "../../../log/logger.ts";
import type { UtilityVM } from "../../uvm.ts";
import { EventType } from "./computecore/compute-core.ts";

const directory = mkdtempSync(join(process.env.UVM_TEST_DIRECTORY ?? "", "faults-"));
const lines: string[] = [];
const log = createLogger({ level: "info", sink: { write: (line) => lines.push(line) } });
const { stack, standIn, options, assertNothingLeft } = guestHost(directory, log);
const ID = "p1@vm";

const ACCESS_DENIED = { hresult: 0x8037_011b, document: '{"Error":-2143878885,"ErrorMessage":"not for you"}' };
const AT_ONCE = { hresult: 0x8037_0105, atOnce: true };

afterEach(() => {
  assertNothingLeft();
  lines.length = 0;
});

async function withUvm(run: (uvm: UtilityVM) => Promise<void>): Promise<void> {
  const uvm = await stack.create(options());
  try {
    await run(uvm);
  } finally {
    await uvm.close();
  }
}

/** Calls of HCS on the VM since the test's begin. */
let seen = 0;
function callsSince(): string[] {
  const all = standIn.calls(ID);
  const fresh = all.slice(seen);
  seen = all.length;
  return fresh;
}

describe("a creation that fails leaves nothing in HCS:", () => {
  const points: Readonly<Record<string, ErrorKind>> = {
    HcsCreateComputeSystem: "permission-denied",
    HcsGetComputeSystemProperties: "permission-denied",
  };
  for (const [call, kind] of Object.entries(points)) {
    it(`${call} by its operation, and the next creation works`, async () => {
      standIn.answerNext(call, ACCESS_DENIED);
      await assert.rejects(stack.create(options()), { kind, message: /0x8037011b: not for you/ });
      assertNothingLeft();
      await withUvm(async (uvm) => assert.equal((await uvm.properties()).state, "created"));
    });

    it(`${call} by the call itself`, async () => {
      standIn.answerNext(call, AT_ONCE);
      await assert.rejects(stack.create(options()), { kind: "failed-precondition" });
    });
  }

  it("one whose VM can't be told of is terminated, then closed", async () => {
    callsSince();
    standIn.answerNext("HcsGetComputeSystemProperties", ACCESS_DENIED);
    await assert.rejects(stack.create(options()));
    assert.deepEqual(callsSince(), [
      "HcsCreateComputeSystem",
      "HcsSetComputeSystemCallback",
      "HcsGetComputeSystemProperties",
      "HcsTerminateComputeSystem",
      "HcsCloseComputeSystem",
    ]);
  });

  it("properties that are no JSON, or have no runtime id", async () => {
    for (const document of ['{"Id":', '{"Id":"p1@vm"}', '{"RuntimeId":7}']) {
      standIn.answerNext("HcsGetComputeSystemProperties", { document });
      await assert.rejects(stack.create(options()));
      assertNothingLeft();
    }
  });

  it("one that its caller has left meanwhile is closed when HCS has made it", async () => {
    standIn.answerNext("HcsCreateComputeSystem", { delayMs: 3000 });
    callsSince();
    const leaving = new AbortController();
    const refused = assert.rejects(stack.create(options(), { signal: leaving.signal }), /has left/);
    await until("HCS makes it", () => standIn.calls(ID).slice(seen).includes("HcsCreateComputeSystem"));
    leaving.abort(new Error("its caller has left"));
    await refused;
    // The handle is given back behind the caller's back.
    await until("the handle is given back", () => {
      const { systems, operations } = standIn.live();
      return systems === 0 && operations === 0;
    });
  });
});

describe("a call that fails tells HCS's error, and the VM goes on:", () => {
  it("start, then again", () =>
    withUvm(async (uvm) => {
      standIn.answerNext("HcsStartComputeSystem", ACCESS_DENIED);
      await assert.rejects(uvm.start(), { kind: "permission-denied", message: /not for you/ });
      standIn.answerNext("HcsStartComputeSystem", AT_ONCE);
      await assert.rejects(uvm.start(), { kind: "failed-precondition" });
      assert.equal((await uvm.properties()).state, "created");
      await uvm.start();
      assert.equal((await uvm.properties()).state, "running");
    }));

  it("pause, resume, statistics and a change", () =>
    withUvm(async (uvm) => {
      await uvm.start();
      standIn.answerNext("HcsPauseComputeSystem", ACCESS_DENIED);
      await assert.rejects(uvm.pause(), { kind: "permission-denied" });
      await uvm.pause();
      standIn.answerNext("HcsResumeComputeSystem", ACCESS_DENIED);
      await assert.rejects(uvm.resume(), { kind: "permission-denied" });
      await uvm.resume();
      standIn.answerNext("HcsGetComputeSystemProperties", ACCESS_DENIED);
      await assert.rejects(uvm.statistics(), { kind: "permission-denied" });
      standIn.answerNext("HcsGetComputeSystemProperties", { document: "{}" });
      await assert.rejects(uvm.statistics(), { kind: "invalid-argument" });
      const disk = { controller: 0, lun: 7, hostPath: "C:\\a.vhdx", readOnly: false };
      standIn.answerNext("HcsModifyComputeSystem", { hresult: 0x8007_00b7 });
      await assert.rejects(uvm.addScsiDisk(disk), { kind: "already-exists" });
      standIn.answerNext("HcsModifyComputeSystem", { hresult: 0x8007_0002 });
      await assert.rejects(uvm.addScsiDisk(disk), { kind: "not-found" });
      await uvm.addScsiDisk(disk);
      standIn.answerNext("HcsModifyComputeSystem", { hresult: 0x8007_0490 });
      await assert.rejects(uvm.removeScsiDisk(disk), { kind: "not-found" });
    }));

  it("save, at each of its steps: no state file stays, and the VM can go on", () =>
    withUvm(async (uvm) => {
      const to = mkdtempSync(join(directory, "saved-"));
      await uvm.start();
      await uvm.pause();
      for (const call of ["HcsCreateEmptyRuntimeStateFile", "HcsGrantVmAccess", "HcsSaveComputeSystem"]) {
        standIn.answerNext(call, { ...ACCESS_DENIED, atOnce: call !== "HcsSaveComputeSystem" });
        await assert.rejects(uvm.save({ directory: to }), { kind: "permission-denied" });
        assert.ok(!existsSync(join(to, "vm.vmrs")) && !existsSync(join(to, "vm.json")), call);
        await assert.rejects(stack.restore({ ...options(), id: "p2" }, { directory: to }), { kind: "not-found" });
      }
      await uvm.resume();
      assert.equal((await uvm.properties()).state, "running");
    }));

  it("a restore, at its grants and at its creation; the next one works, with the disk that was added before", async () => {
    const to = mkdtempSync(join(directory, "saved-"));
    await withUvm(async (uvm) => {
      await uvm.start();
      await uvm.addScsiDisk({ controller: 0, lun: 7, hostPath: "C:\\a.vhdx", readOnly: false });
      await uvm.pause();
      await uvm.save({ directory: to });
    });
    const again = () => stack.restore(options(), { directory: to });
    standIn.answerNext("HcsGrantVmAccess", { ...ACCESS_DENIED, atOnce: true });
    await assert.rejects(again(), { kind: "permission-denied" });
    standIn.answerNext("HcsCreateComputeSystem", ACCESS_DENIED);
    await assert.rejects(again(), { kind: "permission-denied" });
    assertNothingLeft();
    const restored = await again();
    const created = standIn.log().findLast(({ call }) => call === "HcsCreateComputeSystem");
    const { RestoreState, Devices } = JSON.parse(created?.document ?? "").VirtualMachine;
    assert.deepEqual(RestoreState, { SaveStateFilePath: join(to, "vm.vmrs") });
    assert.deepEqual(Devices.Scsi["df6d0690-79e5-55b6-a5ec-c1e2f77f580a"].Attachments["7"], {
      Type: "VirtualDisk",
      Path: "C:\\a.vhdx",
    });
    standIn.answerNext("HcsStartComputeSystem", ACCESS_DENIED);
    await assert.rejects(restored.resume(), { kind: "permission-denied" });
    await restored.resume();
    assert.equal((await restored.properties()).state, "running");
    await restored.pause();
    // Its own saved state knows nothing of the one that it came from.
    await restored.save({ directory: to });
    await restored.close();
  });
});

describe("the end of a VM", () => {
  it("that HCS does not grant is an error, and may be tried again", () =>
    withUvm(async (uvm) => {
      await uvm.start();
      standIn.answerNext("HcsTerminateComputeSystem", ACCESS_DENIED);
      await assert.rejects(uvm.terminate(), { kind: "permission-denied" });
      assert.equal((await uvm.properties()).state, "running");
      await uvm.terminate();
      assert.equal((await uvm.wait()).error, undefined);
    }));

  for (const [gone, hresult] of Object.entries({ "has ended": 0x8037_0110, "is not there": 0x8037_010e })) {
    it(`is done where HCS says that the VM ${gone}, event or not`, () =>
      withUvm(async (uvm) => {
        await uvm.start();
        standIn.answerNext("HcsTerminateComputeSystem", { hresult });
        await uvm.terminate();
        assert.equal((await uvm.wait()).error, undefined);
        assert.equal((await uvm.properties()).state, "ended");
      }));
  }

  it("comes with the handle where HCS refuses to terminate it", async () => {
    const uvm = await stack.create(options());
    await uvm.start();
    standIn.answerNext("HcsTerminateComputeSystem", ACCESS_DENIED);
    await uvm.close();
    await uvm.wait();
    assert.ok(lines.some((line) => /cannot be terminated.*not for you/.test(line)));
  });

  it("before its start has returned: the start fails, and who waits is told", () =>
    withUvm(async (uvm) => {
      standIn.answerNext("HcsStartComputeSystem", { delayMs: 3000 });
      const starting = assert.rejects(uvm.start(), { kind: "failed-precondition" });
      standIn.fireEvent(ID, EventType.systemExited, '{"Status":-1070137082,"ExitType":"UnexpectedExit"}');
      const { error } = await uvm.wait();
      assert.match(error?.message ?? "", /has ended by itself \(UnexpectedExit\): status 0xc0370106/);
      await starting;
    }));

  it("by a crash of its guest: the report is in the log, cut", () =>
    withUvm(async (uvm) => {
      await uvm.start();
      standIn.fireEvent(ID, EventType.systemCrashReport, JSON.stringify({ CrashLog: "o".repeat(100_000) }));
      standIn.fireEvent(ID, EventType.systemExited, '{"Status":-1,"ExitType":"UnexpectedExit"}');
      const { error } = await uvm.wait();
      assert.match(error?.message ?? "", /its guest has crashed/);
      const told = lines.find((line) => line.includes("CrashLog"));
      assert.ok(told !== undefined && told.length < 5000, `${told?.length}`);
    }));

  it("is told for good, whatever HCS says after it, and with an exit status that can't be read", () =>
    withUvm(async (uvm) => {
      await uvm.start();
      standIn.fireEvent(ID, EventType.systemExited, "{not JSON");
      const first = await uvm.wait();
      assert.match(first.error?.message ?? "", /ended by itself: status 0x00000000/);
      standIn.fireEvent(ID, EventType.systemExited, '{"Status":1,"ExitType":"GracefulExit"}');
      assert.equal(await uvm.wait(), first);
      await uvm.terminate();
    }));

  it("is assumed where HCS itself is gone", () =>
    withUvm(async (uvm) => {
      await uvm.start();
      standIn.fireEvent(ID, EventType.serviceDisconnect, null);
      const { error } = await uvm.wait();
      assert.match(error?.message ?? "", /host compute service is gone/);
      await uvm.terminate();
    }));

  it("does not wait for a start that HCS never answers while it is asked for", async () => {
    const uvm = await stack.create(options());
    standIn.answerNext("HcsStartComputeSystem", { delayMs: 1500 });
    await assert.rejects(uvm.start({ signal: AbortSignal.timeout(50) }), { kind: "deadline-exceeded" });
    await uvm.terminate();
    assert.equal((await uvm.wait()).error, undefined);
    await uvm.close();
  });
});
