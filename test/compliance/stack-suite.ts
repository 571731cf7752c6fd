import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createGuest } from "../../src/guestmanager/create-guest.ts";
import { BRIDGE_PORT } from "../../src/prot/protocol.ts";
import type { Operation } from "../../src/vmmanager/support.ts";
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
  /** Started with a host that listens, as the guest dials at once. */
  const start = async (uvm: UtilityVM): Promise<void> => {
    const guest = createGuest({ sockets: uvm.sockets });
    guest.prepareConnection();
    await uvm.start();
    await guest.createConnection();
  };

  describe(`stack ${name}`, () => {
    it(
      "creates what was asked for",
      withUvm(async (uvm, { stack, options }) => {
        assert.equal(stack.name, name);
        assert.equal(uvm.stack, name);
        assert.equal(uvm.id, options.id);
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
        await start(uvm);
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
        await start(uvm);
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
        await start(uvm);
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
        await start(uvm);
        await uvm.close();
        await uvm.wait();
        await uvm.close();
      }),
    );

    const calls: Partial<Record<Operation, (uvm: UtilityVM, setup: StackSetup) => Promise<void>>> = {
      pause: (uvm) => uvm.pause(),
      resume: (uvm) => uvm.resume(),
      save: (uvm, { options }) => uvm.save({ directory: options.stateDirectory }),
    };
    for (const [operation, call] of Object.entries(calls)) {
      it(
        `${operation}: works where it is supported, else is unimplemented`,
        withUvm(async (uvm, given) => {
          await start(uvm);
          if (uvm.supported("lifetime", operation as Operation)) {
            if (operation === "resume") await uvm.pause();
            await call(uvm, given);
          } else {
            await assert.rejects(call(uvm, given), { kind: "unimplemented" });
          }
        }),
      );
    }
  });
}
