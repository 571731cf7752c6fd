import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DOCUMENT, JoinedGuest, rejectsWith } from "../../test/harness/joined-guest.ts";
import { ShimError } from "../errors/shim-error.ts";
import { BRIDGE_PORT } from "../prot/protocol.ts";
import { createMemorySockets } from "../transport/memory.ts";
import { createGuest } from "./create-guest.ts";

describe("guest: connection", () => {
  it("tells what the guest can do", async () => {
    const j = await JoinedGuest.connect({ capabilities: { freezerSupported: false } });
    assert.deepEqual(j.guest.capabilities(), {
      namespaceAddRequestSupported: true,
      signalProcessSupported: true,
      dumpStacksSupported: true,
      deleteContainerStateSupported: true,
      initStdioSupported: true,
      freezerSupported: false,
      signalAllSupported: true,
      cgroupV2MetricsSupported: true,
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
