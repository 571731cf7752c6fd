import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BridgePeer } from "../../test/harness/bridge-peer.ts";
import { BRIDGE_PORT } from "../prot/protocol.ts";
import { LiveGuest, notLive, withGuest } from "./runtime/live-guest.ts";

const CREATE = 0x10100101;
const EXECUTE = 0x10100501;
const WAIT = 0x10100601;
const FORCED = 0x10100401;
const DELETE_STATE = 0x10100d01;
const NOTIFICATION = 0x30100101;
const NULL_ID = "00000000-0000-0000-0000-000000000000";

/** A host that listens for one dial of the bridge. */
async function host(guest: LiveGuest): Promise<BridgePeer> {
  const listener = guest.sockets.host.listen(BRIDGE_PORT);
  const stream = await listener.accept();
  listener.close();
  const peer = new BridgePeer(stream);
  assert.equal((await peer.negotiate()).body.Result, 0);
  return peer;
}

describe("the guest compute service", { skip: notLive() ?? false }, () => {
  it("dials until it is answered, dials again when the bridge drops, and keeps its containers and their exits", () =>
    withGuest([], async (guest) => {
      const over = new AbortController();
      const running = guest.gcs.run({ signal: over.signal });
      const first = await host(guest);
      const { ociBundlePath, ociSpecification } = await guest.bundle("c1", ["/bin/sleep", "1000"]);
      const config = {
        SchemaVersion: { Major: 2, Minor: 1 },
        OciBundlePath: ociBundlePath,
        OciSpecification: ociSpecification,
        ScratchDirPath: "",
      };
      const ask = async (peer: BridgePeer, type: number, id: bigint, body: object) =>
        (await peer.request(type, id, { ContainerId: "c1", ...body })).body;
      assert.equal((await ask(first, CREATE, 2n, { ContainerConfig: JSON.stringify(config) })).Result, 0);
      const started = await ask(first, EXECUTE, 3n, { Settings: { ProcessParameters: "{}" } });
      assert.equal(started.Result, 0);
      first.destroy();

      const second = await host(guest);
      assert.equal((await ask(second, FORCED, 2n, {})).Result, 0);
      const exit = await ask(second, WAIT, 3n, { ProcessId: started.ProcessId, TimeoutInMs: 0xffff_ffff });
      assert.equal(exit.ExitCode, 137);
      await second.until(() => second.received.some(({ type }) => type === NOTIFICATION));
      const last = second.received.at(-1);
      assert.equal(last?.type, NOTIFICATION);
      assert.deepEqual([last?.body.ContainerId, last?.body.Type], ["c1", "ForcedExit"]);
      assert.equal((await ask(second, DELETE_STATE, 4n, {})).Result, 0);
      over.abort();
      await running;
      await second.until(() => second.closed !== undefined);
    }));

  it("ends everything when the guest itself is shut down", async () => {
    let poweredOff = false;
    const guest = await LiveGuest.create({ powerOff: () => (poweredOff = true) });
    const running = guest.gcs.run({ signal: new AbortController().signal });
    const peer = await host(guest);
    const { pid } = await guest.run("c1", ["/bin/sleep", "1000"]);
    assert.equal((await peer.request(FORCED, 2n, { ContainerId: NULL_ID })).body.Result, 0);
    await running;
    assert.equal(poweredOff, true);
    assert.equal(await guest.wait("c1", pid), 137);
    await guest.close("c1");
  });
});
