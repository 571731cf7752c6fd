import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DOCUMENT, JoinedGuest, rejectsWith, streamOf } from "../../test/harness/joined-guest.ts";
import { ScriptedGcsHost } from "../../test/harness/scripted-gcs-host.ts";
import { ShimError } from "../errors/shim-error.ts";
import { BridgeServer } from "../gcs/bridge/server.ts";
import { BRIDGE_PORT } from "../prot/protocol.ts";
import { StreamRecorder, turns } from "../transport/byte-stream-suite.ts";
import { createMemorySockets } from "../transport/memory.ts";
import { memoryStreamPair } from "../transport/memory-stream.ts";
import { createGuest, type LinuxGuest } from "./create-guest.ts";

describe("guest: connection", () => {
  it("tells what the guest can do", async () => {
    const j = await JoinedGuest.connect({ capabilities: { freezerSupported: false } });
    assert.deepEqual(j.guest.capabilities(), {
      namespaceAddRequestSupported: true,
      signalProcessSupported: true,
      dumpStacksSupported: true,
      deleteContainerStateSupported: true,
      updateContainerSupported: false,
      logForwardingSupported: false,
      hostProcessContainerSupported: false,
      initStdioSupported: true,
      freezerSupported: false,
      signalAllSupported: true,
      cgroupV2MetricsSupported: true,
      resumeSupported: true,
      processorsSupported: true,
      outOfMemoryNotificationsSupported: true,
      podSupported: true,
    });
    await j.close();
  });

  it("is unavailable before it is there and after it is closed", async () => {
    const sockets = createMemorySockets();
    const guest = createGuest({ sockets: sockets.host });
    await assert.rejects(guest.createConnection(), rejectsWith("failed-precondition"));
    await assert.rejects(guest.dumpStacks(), rejectsWith("unavailable"));
    assert.throws(() => guest.capabilities(), rejectsWith("unavailable"));
    guest.closeConnection();
    guest.closeConnection();
    assert.equal(await guest.disconnected, undefined);
    assert.throws(() => guest.prepareConnection(), rejectsWith("unavailable"));

    const j = await JoinedGuest.connect();
    await j.close();
    await assert.rejects(j.guest.dumpStacks(), rejectsWith("unavailable"));
  });

  it("may be prepared twice, and given up while the guest is awaited", async () => {
    const sockets = createMemorySockets();
    const guest = createGuest({ sockets: sockets.host });
    guest.prepareConnection();
    guest.prepareConnection();
    const abort = new AbortController();
    const connecting = guest.createConnection({ signal: abort.signal });
    abort.abort(new ShimError("canceled", "enough"));
    await assert.rejects(connecting, /enough/);
    guest.prepareConnection();
    const again = guest.createConnection();
    guest.closeConnection();
    await assert.rejects(again, rejectsWith("unavailable"));
    await assert.rejects(sockets.guest.dial(BRIDGE_PORT), rejectsWith("unavailable"), "the listener is gone");
  });

  it("fails all that is pending when it is closed", async () => {
    const j = await JoinedGuest.connect();
    j.host.script.dumpStacks = () => new Promise(() => undefined);
    j.host.script.waitForProcess = () => new Promise(() => undefined);
    const container = await j.guest.createContainer("c", DOCUMENT);
    const process = await container.startInit({ emulateConsole: false });
    const stacks = j.guest.dumpStacks();
    const exit = container.wait();
    await j.close();
    for (const pending of [stacks, exit, process.exitCode]) await assert.rejects(pending, rejectsWith("unavailable"));
  });
});

describe("guest: what another host process made", () => {
  it("is opened before the connection, without a request; exits of that time are heard, also twice", async () => {
    const sockets = createMemorySockets();
    const host = new ScriptedGcsHost();
    host.script.waitForProcess = async (_id, pid) => pid - 60;
    const server = new BridgeServer({ host });
    const connect = async (guest: LinuxGuest) => {
      guest.prepareConnection();
      const served = server.serve(streamOf(await sockets.guest.dial(BRIDGE_PORT)));
      await guest.createConnection();
      return served;
    };
    const first = createGuest({ sockets: sockets.host });
    const served = connect(first);
    while (host.calls.length === 0) await first.createContainer("c", DOCUMENT).catch(() => turns(1));
    first.closeConnection();
    await served;
    host.exit("c");

    for (const _ of [1, 2]) {
      const guest = createGuest({ sockets: sockets.host });
      const container = guest.openContainer("c", { initPid: 100 });
      const [near, far] = memoryStreamPair();
      const init = guest.openProcess("c", 100, { ports: { stdout: BRIDGE_PORT + 5 }, stdout: near });
      const unstarted = container.waitInit();
      await turns(3);
      assert.deepEqual(host.called("createContainer").length, 1);
      const over = connect(guest);
      assert.equal(await init.exitCode, 40);
      assert.equal(await unstarted, 40);
      await container.wait();
      assert.equal(init.ports.stdout, BRIDGE_PORT + 5);
      const output = new StreamRecorder(far);
      far.end();
      await output.seen("end");
      const made = guest.createProcess({ commandArgs: ["true"], stdio: { stdout: { kind: "stream" } } });
      while (host.called("execExternal").length < _) await turns(1);
      const [, stdio] = host.called("execExternal").at(-1) ?? [];
      assert.deepEqual(stdio, { stdout: BRIDGE_PORT + 6 });
      guest.closeConnection();
      await assert.rejects(made);
      assert.equal(await over, undefined);
    }
    const given = createGuest({ sockets: sockets.host });
    const { exitCode } = given.openProcess("c", 100, { ports: {} });
    given.closeConnection();
    await assert.rejects(exitCode, rejectsWith("unavailable"));
  });
});

describe("guest: resources", () => {
  it("are one ModifySettings each", async () => {
    const j = await JoinedGuest.connect();
    const { guest } = j;
    const layers = { containerId: "c", containerRootPath: "/r", layers: [{ id: "0", path: "/l" }], scratchPath: "/s" };
    await guest.addCombinedLayers(layers);
    await guest.removeCombinedLayers({ containerId: "c", containerRootPath: "/r" });
    await guest.addMappedDirectory({ mountPath: "/d", port: 564, shareName: "s" });
    await guest.removeMappedDirectory({ mountPath: "/d", port: 564, shareName: "s" });
    await guest.addMappedVirtualDisk({ mountPath: "/m", lun: 0, controller: 1 });
    await guest.removeMappedVirtualDisk({ mountPath: "/m", lun: 0, controller: 1 });
    await guest.removeScsiDevice({ lun: 0, controller: 0 });
    await guest.addNetworkInterface({ namespaceId: "n", id: "i" });
    await guest.removeNetworkInterface({ namespaceId: "n", id: "i" });
    const sent = j.host.called("modifyGuest").map(([request]) => request);
    const request = (resourceType: string, requestType: string, settings: object) => ({
      resourceType,
      requestType,
      settings,
    });
    const directory = { MountPath: "/d", Port: 564, ShareName: "s" };
    const disk = { MountPath: "/m", Controller: 1 };
    const adapter = { NamespaceID: "n", ID: "i" };
    assert.deepEqual(sent, [
      request("CombinedLayers", "Add", {
        ContainerID: "c",
        ContainerRootPath: "/r",
        Layers: [{ Id: "0", Path: "/l" }],
        ScratchPath: "/s",
      }),
      request("CombinedLayers", "Remove", { ContainerID: "c", ContainerRootPath: "/r" }),
      request("MappedDirectory", "Add", directory),
      request("MappedDirectory", "Remove", directory),
      request("MappedVirtualDisk", "Add", disk),
      request("MappedVirtualDisk", "Remove", disk),
      request("SCSIDevice", "Remove", {}),
      request("Network", "Add", adapter),
      request("Network", "Remove", adapter),
    ]);
    await j.close();
  });
});
