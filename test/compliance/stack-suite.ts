import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { createGuest } from "../../src/guestmanager/create-guest.ts";
import { BRIDGE_PORT } from "../../src/prot/protocol.ts";
import type { Stack, StackName, UtilityVM, UvmOptions } from "../../src/vmmanager/uvm.ts";
import type { Column } from "./recorded.ts";
import { reportFindings } from "./report.ts";
import { surveyUvm } from "./survey.ts";

export interface StackSetup {
  readonly stack: Stack;
  readonly options: UvmOptions;
  cleanup(): void | Promise<void>;
}

/**
 * What every stack must do, whatever it runs on: the contract of `vmmanager/` as tests. What it supports is held against
 * the recorded `column`.
 */
export function stackSuite(name: StackName, column: Column, setup: () => StackSetup | Promise<StackSetup>): void {
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
      "has sockets before its start, on which the guest then dials and negotiates, until it is terminated",
      withUvm(async (uvm) => {
        const guest = createGuest({ sockets: uvm.sockets });
        guest.prepareConnection();
        assert.throws(() => uvm.sockets.listen(BRIDGE_PORT), { kind: "already-exists" });
        await uvm.start();
        await guest.createConnection();
        assert.equal(typeof guest.capabilities().signalProcessSupported, "boolean");
        await uvm.terminate();
        await guest.disconnected;
        await assert.rejects(guest.dumpStacks(), { kind: "unavailable" });
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
      withUvm(async (uvm, given) => reportFindings(column, await surveyUvm(uvm, given))),
    );
  });
}
