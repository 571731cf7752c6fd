import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BridgePeer } from "../../../test/harness/bridge-peer.ts";
import {
  CONFIG,
  CREATE,
  DELETE_STATE,
  NEGOTIATE,
  NOTIFICATION,
  RESPONSE,
  ServedBridge,
  START,
  WAIT,
} from "../../../test/harness/served-bridge.ts";
import { notFound } from "../../errors/shim-error.ts";
import { NULL_ID } from "../../prot/protocol.ts";

describe("bridge server: exit notifications", () => {
  const notifications = (peer: BridgePeer) => peer.received.filter((message) => message.type === NOTIFICATION);
  const wait = (peer: BridgePeer, id: bigint, pid: number) =>
    peer.request(WAIT, id, { ContainerId: "c", ProcessId: pid, TimeoutInMs: 0xffff_ffff });
  async function withContainer(): Promise<ServedBridge> {
    const s = await ServedBridge.negotiated();
    await s.peer.request(CREATE, 2n, { ContainerId: "c", ContainerConfig: CONFIG });
    return s;
  }

  it("of memory that ran out are told at once, and to nobody who has not asked for them", async () => {
    const asked = await ServedBridge.negotiated({ OutOfMemoryNotifications: true });
    await asked.peer.request(CREATE, 2n, { ContainerId: "c", ContainerConfig: CONFIG });
    asked.host.outOfMemory("other");
    asked.host.outOfMemory("c");
    await wait(asked.peer, 3n, 100);
    const types = (s: ServedBridge) => notifications(s.peer).map(({ body }) => body.Type);
    assert.deepEqual(types(asked), ["OutOfMemory"]);
    asked.host.exit("c");
    asked.host.outOfMemory("c");
    await asked.peer.request(START, 4n, { ContainerId: "c" });
    assert.deepEqual(types(asked), ["OutOfMemory", "UnexpectedExit"]);

    const silent = await withContainer();
    silent.host.outOfMemory("c");
    silent.host.exit("c");
    await wait(silent.peer, 3n, 100);
    await silent.peer.until(() => notifications(silent.peer).length > 0);
    assert.deepEqual(types(silent), ["UnexpectedExit"]);
  });

  it("come once the init's wait is answered, after that answer", async () => {
    const s = await withContainer();
    s.host.exit("c", "ForcedExit");
    await s.peer.request(START, 3n, { ContainerId: "c" });
    assert.deepEqual(notifications(s.peer), []);
    await wait(s.peer, 4n, 101);
    await s.peer.request(START, 5n, { ContainerId: "c" });
    assert.deepEqual(notifications(s.peer), [], "another process's wait does not count");
    await wait(s.peer, 6n, 100);
    await s.peer.until(() => notifications(s.peer).length > 0);
    assert.deepEqual(notifications(s.peer), [
      {
        type: NOTIFICATION,
        id: 0n,
        body: { ContainerId: "c", ActivityId: NULL_ID, Type: "ForcedExit", Operation: "None", Result: 0 },
      },
    ]);
    assert.deepEqual(
      s.peer.received.slice(-2).map((message) => message.type),
      [WAIT + RESPONSE, NOTIFICATION],
    );
    await s.close();
  });

  it("come at once when the wait was answered before, and never twice", async () => {
    const s = await withContainer();
    await wait(s.peer, 3n, 100);
    s.host.exit("c", "GracefulExit");
    await s.peer.until(() => notifications(s.peer).length > 0);
    s.host.exit("c");
    await wait(s.peer, 4n, 100);
    await s.peer.request(START, 5n, { ContainerId: "c" });
    assert.deepEqual(
      notifications(s.peer).map((message) => message.body.Type),
      ["GracefulExit"],
    );
    await s.close();
  });

  it("don't come after a failed wait, for a failed create, for a deleted or an unknown container", async () => {
    const s = await withContainer();
    s.host.script.waitForProcess = async () => {
      throw notFound("gone");
    };
    await wait(s.peer, 3n, 100);
    s.host.exit("c");
    await s.peer.request(DELETE_STATE, 4n, { ContainerId: "c" });
    s.host.script.waitForProcess = async () => 0;
    await wait(s.peer, 5n, 100);
    s.host.exit("never created");
    s.host.script.createContainer = async () => {
      throw new Error("no");
    };
    await s.peer.request(CREATE, 6n, { ContainerId: "d", ContainerConfig: CONFIG });
    s.host.exit("d");
    await s.peer.request(START, 7n, { ContainerId: "c" });
    assert.deepEqual(notifications(s.peer), []);
    await s.close();
  });

  it("of a failed create are not taken for those of its successor", async () => {
    const s = await ServedBridge.negotiated();
    s.host.script.createContainer = async () => {
      s.host.exit("c");
      throw new Error("its init died");
    };
    const create = (id: bigint) => s.peer.request(CREATE, id, { ContainerId: "c", ContainerConfig: CONFIG });
    await create(2n);
    s.host.script = {};
    await create(3n);
    await wait(s.peer, 4n, 100);
    await s.peer.request(START, 5n, { ContainerId: "c" });
    assert.deepEqual(notifications(s.peer), []);
    await s.close();
  });

  it("wait for the next host while none is connected, and for a wait that somebody reads", async () => {
    const s = await withContainer();
    let release: (code: number) => void = () => undefined;
    s.host.script.waitForProcess = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    s.peer.send(WAIT, 3n, { ContainerId: "c", ActivityId: "", ProcessId: 100, TimeoutInMs: 0xffff_ffff });
    await s.peer.request(START, 4n, { ContainerId: "c" });
    await s.close();
    release(0);
    s.host.exit("c");
    s.host.script.waitForProcess = async () => 0;
    const { peer, served } = s.dial();
    await peer.negotiate();
    await peer.request(START, 2n, { ContainerId: "c" });
    assert.deepEqual(notifications(peer), []);
    await wait(peer, 3n, 100);
    await peer.until(() => notifications(peer).length > 0);
    peer.end();
    await served;
  });

  it("come again to the next host that asks for the init: what its predecessor read, it may not know", async () => {
    const s = await withContainer();
    await wait(s.peer, 3n, 100);
    s.host.exit("c");
    await s.peer.until(() => notifications(s.peer).length > 0);
    await s.close();
    const { peer, served } = s.dial();
    await peer.negotiate();
    await peer.request(START, 2n, { ContainerId: "c" });
    assert.deepEqual(notifications(peer), []);
    await wait(peer, 3n, 100);
    await wait(peer, 4n, 100);
    await peer.request(START, 5n, { ContainerId: "c" });
    assert.equal(notifications(peer).length, 1);
    await peer.request(DELETE_STATE, 6n, { ContainerId: "c" });
    peer.end();
    await served;
  });

  it("that became due without a host go to the next one after its negotiation", async () => {
    const s = await withContainer();
    await wait(s.peer, 3n, 100);
    await s.close();
    s.host.exit("c");
    const { peer, served } = s.dial();
    await peer.negotiate();
    await peer.until(() => notifications(peer).length > 0);
    assert.deepEqual(
      peer.received.map((message) => message.type),
      [NEGOTIATE + RESPONSE, NOTIFICATION],
    );
    peer.end();
    await served;
  });
});
