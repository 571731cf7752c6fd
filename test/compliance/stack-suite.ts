import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { kindOf } from "../../src/errors/shim-error.ts";
import { createGuest } from "../../src/guestmanager/create-guest.ts";
import { BRIDGE_PORT } from "../../src/prot/protocol.ts";
import type { Operation, Resource } from "../../src/vmmanager/support.ts";
import type { Stack, UtilityVM, UvmOptions } from "../../src/vmmanager/uvm.ts";

export interface StackSetup {
  readonly stack: Stack;
  readonly options: UvmOptions;
  cleanup(): void | Promise<void>;
}

/** What every stack must do, whatever it runs on: the contract of `vmmanager/` as tests. */
export function stackSuite(name: string, setup: () => StackSetup | Promise<StackSetup>): void {
  const withUvm = (run: (uvm: UtilityVM, setup: StackSetup) => Promise<void>) => async (): Promise<void> => {
    const given = await setup();
    try {
      const uvm = await given.stack.create(given.options);
      try {
        await run(uvm, given);
      } finally {
        await uvm.close();
      }
    } finally {
      await given.cleanup();
    }
  };
  describe(`stack ${name}`, () => {
    it(
      "creates what was asked for",
      withUvm(async (uvm, { stack, options }) => {
        assert.equal(stack.name, name);
        assert.equal(uvm.stack, name);
        assert.equal(uvm.id, options.id);
        assert.ok(uvm.os === "linux" || uvm.os === "windows");
        assert.ok(uvm.supported("lifetime", "create"));
        assert.ok(uvm.supported("lifetime", "start"));
        assert.ok(uvm.supported("lifetime", "terminate"));
      }),
    );

    it("creates nothing for a caller that has left", async () => {
      const { stack, options, cleanup } = await setup();
      try {
        await assert.rejects(stack.create(options, { signal: AbortSignal.abort() }));
      } finally {
        await cleanup();
      }
    });

    it(
      "has sockets before its start, on which the guest then dials and negotiates",
      withUvm(async (uvm) => {
        const guest = createGuest({ sockets: uvm.sockets });
        guest.prepareConnection();
        assert.throws(() => uvm.sockets.listen(BRIDGE_PORT), { kind: "already-exists" });
        await uvm.start();
        await guest.createConnection();
        assert.equal(typeof guest.capabilities().signalProcessSupported, "boolean");
        guest.closeConnection();
        await guest.disconnected;
      }),
    );

    it(
      "starts once",
      withUvm(async (uvm) => {
        await uvm.start();
        await assert.rejects(uvm.start(), { kind: "failed-precondition" });
      }),
    );

    it(
      "ends the guest's connection when it is terminated",
      withUvm(async (uvm) => {
        const guest = createGuest({ sockets: uvm.sockets });
        guest.prepareConnection();
        await uvm.start();
        await guest.createConnection();
        await uvm.terminate();
        await guest.disconnected;
        await assert.rejects(guest.dumpStacks(), { kind: "unavailable" });
      }),
    );

    it(
      "terminates for many callers at once, and again, and tells the end to all who wait, also afterwards",
      withUvm(async (uvm) => {
        const early = [uvm.wait(), uvm.wait()];
        await uvm.start();
        await Promise.all([uvm.terminate(), uvm.terminate()]);
        await uvm.terminate();
        const [first, ...others] = await Promise.all([...early, uvm.wait()]);
        assert.equal(first?.error, undefined);
        assert.ok(first?.exitedAt instanceof Date);
        for (const other of others) assert.deepEqual(other, first);
      }),
    );

    it(
      "can be terminated before its start, and cannot be started after its end",
      withUvm(async (uvm) => {
        await uvm.terminate();
        await uvm.wait();
        await assert.rejects(uvm.start(), { kind: "failed-precondition" });
      }),
    );

    it(
      "lets a waiter leave",
      withUvm(async (uvm) => {
        await uvm.start();
        const leave = new AbortController();
        const waiting = uvm.wait({ signal: leave.signal });
        leave.abort(new Error("left"));
        await assert.rejects(waiting, { message: "left" });
        await assert.rejects(uvm.wait({ signal: leave.signal }), { message: "left" });
      }),
    );

    it(
      "close ends a running one, and may be called again",
      withUvm(async (uvm) => {
        await uvm.start();
        await uvm.close();
        await uvm.wait();
        await uvm.close();
      }),
    );

    it(
      "tells its state, and its statistics where it has any",
      withUvm(async (uvm) => {
        assert.equal((await uvm.properties()).state, "created");
        await uvm.start();
        const { state, pid, startedAt } = await uvm.properties();
        assert.equal(state, "running");
        assert.ok(pid === undefined || (pid === uvm.hostPid(1) && startedAt instanceof Date));
        if (uvm.supported("statistics", "read")) {
          const { memory, processor } = await uvm.statistics();
          assert.ok(memory.assignedBytes >= 1n << 20n && memory.workingSetBytes > 0n);
          assert.ok(processor.totalNs >= processor.guestNs);
        }
        await uvm.terminate();
        assert.equal((await uvm.properties()).state, "ended");
      }),
    );

    it(
      "pauses and resumes, each once, where it can",
      withUvm(async (uvm) => {
        if (!uvm.supported("lifetime", "pause")) return;
        await assert.rejects(uvm.pause(), { kind: "failed-precondition" });
        await uvm.start();
        await assert.rejects(uvm.resume(), { kind: "failed-precondition" });
        await uvm.pause();
        assert.equal((await uvm.properties()).state, "paused");
        await assert.rejects(uvm.pause(), { kind: "failed-precondition" });
        await uvm.resume();
        assert.equal((await uvm.properties()).state, "running");
      }),
    );

    it(
      "saves what is paused and goes on; what was saved is restored, paused, and goes on too",
      withUvm(async (uvm, { stack, options }) => {
        const saved = { directory: mkdtempSync(join(tmpdir(), "uvm-saved-")) };
        try {
          if (!uvm.supported("lifetime", "restore")) {
            return await assert.rejects(stack.restore(options, saved), { kind: "unimplemented" });
          }
          await uvm.start();
          await assert.rejects(uvm.save(saved), { kind: "failed-precondition" });
          await uvm.pause();
          await uvm.save(saved);
          await uvm.resume();
          await uvm.terminate();
          const again = await stack.restore({ ...options, id: `${options.id}-again` }, saved);
          try {
            assert.equal((await again.properties()).state, "paused");
            await assert.rejects(again.start(), { kind: "failed-precondition" });
            await again.resume();
            assert.equal((await again.properties()).state, "running");
          } finally {
            await again.close();
          }
        } finally {
          rmSync(saved.directory, { recursive: true });
        }
      }),
    );

    it(
      "supports exactly the calls that it says",
      withUvm(async (uvm, { options }) => {
        await uvm.start();
        for (const [name, call] of Object.entries(calls)) {
          const [resource, operation] = name.split(" ") as [Resource, Operation];
          const outcome = await call(uvm, options.stateDirectory).then(
            () => "done",
            (error) => kindOf(error),
          );
          assert.equal(outcome !== "unimplemented", uvm.supported(resource, operation), `${name}: ${outcome}`);
        }
      }),
    );
  });
}

const NO_ID = "00000000-0000-0000-0000-000000000001";

/** One call for each thing that may be supported. What they are about does not exist: they change nothing that matters. */
const calls: Readonly<Record<string, (uvm: UtilityVM, directory: string) => Promise<unknown>>> = {
  "lifetime pause": (uvm) => uvm.pause(),
  "lifetime save": (uvm, directory) => uvm.save({ directory }),
  "lifetime resume": (uvm) => uvm.resume(),
  "statistics read": (uvm) => uvm.statistics(),
  "scsi add": (uvm) => uvm.addScsiDisk({ controller: 0, lun: 9, hostPath: "/no/disk", readOnly: true }),
  "scsi remove": (uvm) => uvm.removeScsiDisk({ controller: 0, lun: 9 }),
  "vpmem add": (uvm) => uvm.addVpmemDevice({ deviceNumber: 3, hostPath: "/no/image", readOnly: true }),
  "vpmem remove": (uvm) => uvm.removeVpmemDevice(3),
  "vpmem update": (uvm) => uvm.addVpmemMapping({ deviceNumber: 3, offset: 0n, hostPath: "/no/image", readOnly: true }),
  "network add": (uvm) =>
    uvm.addNetworkAdapter({
      id: "no-adapter",
      macAddress: "02:00:00:00:00:01",
      backend: { kind: "unix-stream", path: "/no/socket" },
    }),
  "network remove": (uvm) => uvm.removeNetworkAdapter("no-adapter"),
  "pci add": (uvm) => uvm.addPciDevice({ id: "no-device", address: "ffff:ff:1f.7" }),
  "pci remove": (uvm) => uvm.removePciDevice("no-device"),
  "plan9 add": (uvm) => uvm.addPlan9Share({ name: "no-share", hostPath: "/no/directory", readOnly: true }),
  "plan9 remove": (uvm) => uvm.removePlan9Share("no-share"),
  "vsmb add": (uvm) => uvm.addVsmbShare({ name: "no-share", hostPath: "C:\\no\\directory" }),
  "vsmb remove": (uvm) => uvm.removeVsmbShare("no-share"),
  "pipe add": (uvm) => uvm.addPipe("\\\\.\\pipe\\no-pipe"),
  "pipe remove": (uvm) => uvm.removePipe("\\\\.\\pipe\\no-pipe"),
  "vm-socket update": (uvm) => uvm.updateSocketService(NO_ID, { disabled: true }),
  "vm-socket remove": (uvm) => uvm.removeSocketService(NO_ID),
  "cpu-group update": (uvm) => uvm.setCpuGroup(NO_ID),
  "cpu-limits update": (uvm) => uvm.updateCpuLimits({ weight: 100n }),
  // Beyond what there is room for.
  "memory update": (uvm) => uvm.updateMemory(1 << 30),
  "processor update": (uvm) => uvm.updateProcessors(1 << 20),
};
