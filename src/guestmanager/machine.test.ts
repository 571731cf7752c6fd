import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { JoinedGuest, rejectsWith } from "../../test/harness/joined-guest.ts";

describe("guest: its machine", () => {
  it("is told the time, random bytes, and how many processors it has", async () => {
    const j = await JoinedGuest.connect();
    await j.guest.resumed({ unixNanoseconds: 1795268400000000001n, entropy: Uint8Array.of(1, 2) });
    await j.guest.setProcessors(4);
    await j.guest.addVpmemDevice({ deviceNumber: 1, mountPath: "/m" });
    await j.guest.removeVpmemDevice({ deviceNumber: 1, mountPath: "/m" });
    assert.deepEqual(j.host.called("modifyGuest").flat(), [
      {
        resourceType: "Resume",
        requestType: "Update",
        settings: { UnixNanoseconds: 1795268400000000001n, Entropy: "AQI=" },
      },
      { resourceType: "Processors", requestType: "Update", settings: { Count: 4 } },
      { resourceType: "VPMemDevice", requestType: "Add", settings: { DeviceNumber: 1, MountPath: "/m" } },
      { resourceType: "VPMemDevice", requestType: "Remove", settings: { DeviceNumber: 1, MountPath: "/m" } },
    ]);
    await j.close();
  });

  it("is not asked where the guest never said that it can", async () => {
    const j = await JoinedGuest.connect({ capabilities: { resumeSupported: false, processorsSupported: false } });
    const entropy = new Uint8Array(32);
    await assert.rejects(j.guest.resumed({ unixNanoseconds: 1n, entropy }), rejectsWith("unimplemented"));
    await assert.rejects(j.guest.setProcessors(2), rejectsWith("unimplemented"));
    await j.close();
  });

  it("is turned off, also by a guest that leaves without an answer", async () => {
    for (const mode of ["graceful", "forced"] as const) {
      const j = await JoinedGuest.connect();
      await j.guest.shutdown(mode);
      assert.deepEqual(j.host.called("shutdownGuest"), [[mode]]);
      await j.close();
    }
    const j = await JoinedGuest.connect();
    j.host.script.shutdownGuest = async () => {
      void j.server.close();
      return new Promise(() => undefined);
    };
    await j.guest.shutdown("forced");
    await assert.rejects(j.guest.shutdown("forced"), rejectsWith("unavailable"));
  });

  it("is lost, not turned off, when the bridge breaks", async () => {
    const j = await JoinedGuest.connect();
    j.host.script.shutdownGuest = async () => {
      j.stream.write(new Uint8Array(16));
      return new Promise(() => undefined);
    };
    await assert.rejects(j.guest.shutdown("forced"), rejectsWith("unavailable"));
  });
});
