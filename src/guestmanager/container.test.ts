import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DOCUMENT, devNull, isOpen, JoinedGuest, rejectsWith } from "../../test/harness/joined-guest.ts";
import { notFound, ShimError } from "../errors/shim-error.ts";

describe("guest: containers", () => {
  it("live from create to exit notification", async () => {
    const j = await JoinedGuest.connect();
    const container = await j.guest.createContainer("c", { ...DOCUMENT, scratchDirPath: "/run/s" });
    assert.equal(container.id, "c");
    assert.equal(container.initPid, 100);
    assert.deepEqual(j.host.called("createContainer"), [
      ["c", { ociBundlePath: "/run/b", ociSpecification: { ociVersion: "1.0.2" }, scratchDirPath: "/run/s" }],
    ]);
    let exit: (code: number) => void = () => undefined;
    j.host.script.waitForProcess = () =>
      new Promise((resolve) => {
        exit = resolve;
      });
    const process = await container.startInit({ emulateConsole: true });
    assert.equal(process.pid, 100);
    assert.deepEqual([process.stdin, process.stdout, process.stderr], [undefined, undefined, undefined]);
    // Round trips after the wait: it has been received by now.
    await container.processList();
    j.host.exit("c");
    exit(7);
    assert.equal(await process.exitCode, 7);
    await container.wait();
    await container.wait({ signal: AbortSignal.timeout(60_000) });
    await j.guest.deleteContainerState("c");
    assert.deepEqual(j.host.called("deleteContainerState"), [["c"]]);
    await j.close();
  });

  it("can be waited for from their create on", async () => {
    const j = await JoinedGuest.connect();
    j.host.script.waitForProcess = async () => 137;
    const container = await j.guest.createContainer("c", DOCUMENT);
    assert.equal(await container.waitInit(), 137);
    j.host.exit("c", "ForcedExit");
    await container.wait();
    await j.close();
  });

  it("keep the 64-bit integers of their spec", async () => {
    const j = await JoinedGuest.connect();
    const spec = { linux: { resources: { memory: { limit: 2n ** 63n - 1n } } } };
    await j.guest.createContainer("c", { ociBundlePath: "/run/b", ociSpecification: spec });
    const [, settings] = j.host.called("createContainer")[0] ?? [];
    assert.deepEqual((settings as { ociSpecification: object }).ociSpecification, spec);
    await j.close();
  });

  it("have one owner of an id at a time, and free it when a create fails", async () => {
    const j = await JoinedGuest.connect();
    await j.guest.createContainer("c", DOCUMENT);
    await assert.rejects(j.guest.createContainer("c", DOCUMENT), rejectsWith("already-exists"));
    j.host.script.createContainer = async () => {
      throw new ShimError("invalid-argument", "bad spec");
    };
    await assert.rejects(j.guest.createContainer("d", DOCUMENT), (error) => {
      assert.ok(error instanceof ShimError);
      assert.equal(error.kind, "invalid-argument");
      assert.equal(error.message, "d: Create failed in the guest: bad spec (0x80070057)");
      return true;
    });
    j.host.script = {};
    await j.guest.createContainer("d", DOCUMENT);
    await j.close();
  });

  it("of which one is deleted before its exit is told may have a successor", async () => {
    const j = await JoinedGuest.connect();
    const first = await j.guest.createContainer("c", DOCUMENT);
    const exit = first.wait();
    await j.guest.deleteContainerState("c");
    await assert.rejects(exit, rejectsWith("not-found"));
    await (await j.guest.createContainer("c", DOCUMENT)).processList();
    await j.close();
  });

  it("send each request of theirs as it is", async () => {
    const j = await JoinedGuest.connect();
    j.host.script.statistics = async () => ({ v1: { a: 1 }, v2: { b: 2n ** 60n } });
    const container = await j.guest.createContainer("c", DOCUMENT);
    assert.deepEqual(await container.processList(), [100]);
    assert.deepEqual(await container.statistics(), { v1: { a: 1 }, v2: { b: 2n ** 60n } });
    await container.updateResources({ memory: { limit: 2n ** 62n } });
    await container.setFrozen(true);
    await container.setFrozen(false);
    await container.shutdown("graceful");
    await container.shutdown("forced");
    assert.equal(await container.signal(15, { all: true }), true);
    const process = await container.exec({ ociProcess: { args: ["sh"] }, emulateConsole: true });
    assert.equal(process.pid, 101);
    await process.resizeConsole(80, 24);
    assert.equal(await process.signal(9), true);
    await j.guest.dumpStacks();
    const update = (resourceType: string, settings: object) => ({
      method: "modifyContainer",
      args: ["c", { resourceType, requestType: "Update", settings }],
    });
    assert.deepEqual(
      j.host.calls.filter((call) => !["createContainer", "waitForProcess"].includes(call.method)),
      [
        { method: "processList", args: ["c"] },
        { method: "statistics", args: ["c"] },
        update("ContainerConstraints", { Windows: {}, Linux: { memory: { limit: 2n ** 62n } } }),
        update("Freezer", { State: "Frozen" }),
        update("Freezer", { State: "Thawed" }),
        { method: "shutdownContainer", args: ["c", "graceful"] },
        { method: "shutdownContainer", args: ["c", "forced"] },
        { method: "signalProcess", args: ["c", 100, { signal: 15, all: true }] },
        { method: "execInContainer", args: ["c", { ociProcess: { args: ["sh"] }, emulateConsole: true }, {}] },
        { method: "resizeConsole", args: ["c", 101, 80, 24] },
        { method: "signalProcess", args: ["c", 101, { signal: 9 }] },
        { method: "dumpStacks", args: [] },
      ],
    );
    await j.close();
  });

  it("that are gone are shut down, and not signalled", async () => {
    const j = await JoinedGuest.connect();
    const gone = async (): Promise<never> => {
      throw notFound("gone");
    };
    Object.assign(j.host.script, { shutdownContainer: gone, signalProcess: gone });
    const container = await j.guest.createContainer("c", DOCUMENT);
    await container.shutdown("graceful");
    await container.shutdown("forced");
    assert.equal(await container.signal(9), false);
    await j.close();
  });

  it("of a guest without our extensions are not asked for them", async () => {
    const j = await JoinedGuest.connect({
      capabilities: {
        signalProcessSupported: false,
        initStdioSupported: false,
        freezerSupported: false,
        signalAllSupported: false,
      },
    });
    j.host.script.createContainer = async () => ({ initPid: 0 });
    const fd = devNull();
    const initStdio = { stdout: { kind: "fd", fd } } as const;
    await assert.rejects(j.guest.createContainer("c", DOCUMENT, { initStdio }), rejectsWith("unimplemented"));
    assert.ok(!isOpen(fd));
    const container = await j.guest.createContainer("c", DOCUMENT);
    await assert.rejects(container.waitInit(), rejectsWith("unimplemented"));
    await assert.rejects(container.setFrozen(true), rejectsWith("unimplemented"));
    // Before the start there is no pid to signal.
    await assert.rejects(container.signal(1), rejectsWith("failed-precondition"));
    await container.signal(15);
    await container.signal(9);
    assert.deepEqual(j.host.called("shutdownContainer"), [
      ["c", "graceful"],
      ["c", "forced"],
    ]);
    const process = await container.startInit({ emulateConsole: false });
    await assert.rejects(process.signal(1), rejectsWith("unimplemented"));
    await assert.rejects(process.signal(9, { all: true }), rejectsWith("unimplemented"));
    await process.signal(9);
    assert.deepEqual(j.host.called("signalProcess"), [["c", 100, {}]], "SIGKILL is a signal without options");
    await j.close();
  });
});
