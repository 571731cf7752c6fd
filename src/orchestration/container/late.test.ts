import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DeviceStandIn } from "../../../test/compliance/device-stand-in.ts";
import { createRequest, eventLine, GuestStandIn } from "../../../test/compliance/guest-stand-in.ts";
import { deferred } from "../deadline.ts";
import { vmDevices } from "../device/devices.ts";
import { podLimits } from "../pod/ports.ts";
import { ContainerController } from "./controller.ts";
import type { ContainerVm } from "./ports.ts";

/** A running container whose guest is given 20 ms for an answer. */
class Subject {
  readonly guest = new GuestStandIn();
  readonly events: string[] = [];
  readonly container = new ContainerController({
    request: createRequest("c1"),
    namespace: "ns",
    stateDirectory: "/state",
    limits: { ...podLimits.container, request: 20 },
    ports: {
      loadSpec: () => ({ ociVersion: "1.0.2", root: { path: "rootfs" } }),
      rootfs: { mount: async () => {}, unmount: async () => {} },
      files: { kindOf: () => "directory", tmpfsSize: () => undefined },
      io: {
        open: async () => ({
          ...{ stdin: undefined, stdout: undefined, stderr: undefined },
          drained: async () => {},
          close: async () => {},
        }),
        relay: () => ({ done: Promise.resolve(), stop() {}, hold: () => new Uint8Array(), release() {} }),
      },
      events: { publish: (event) => this.events.push(eventLine(event)) },
      warn() {},
    },
  });

  async running(): Promise<this> {
    const devices = new DeviceStandIn();
    const { guest } = this;
    const vm: ContainerVm = {
      guest: {
        capabilities: () => guest.capabilities(),
        createContainer: (...args) => guest.createContainer(args[0]),
        openContainer: (id) => guest.openContainer(id),
        openProcess: (id, pid) => guest.openProcess(id, pid),
        deleteContainerState: (id) => guest.deleteContainerState(id),
        addCombinedLayers: devices.addCombinedLayers,
        removeCombinedLayers: devices.removeCombinedLayers,
      },
      devices: vmDevices({ uvm: devices, guest: devices }),
      uvm: {
        stack: "local",
        wait: async () => ({ exitedAt: new Date() }),
        hostPid: (pid) => pid,
        guestPath: (path) => path,
        sockets: {
          listen: () => {
            throw new Error("not asked for here");
          },
        },
      },
    };
    await this.container.create(async () => vm, new AbortController().signal);
    await this.container.start();
    return this;
  }

  /** The guest does as asked, and tells of it when all have given up. */
  async late(request: string, method: () => Promise<void>): Promise<void> {
    const answer = deferred<void>();
    this.guest.faults[request] = () => answer.promise;
    await assert.rejects(method(), { kind: "deadline-exceeded" });
    delete this.guest.faults[request];
    answer.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("an answer of the guest that comes too late", () => {
  it("to a pause: the container is thawed, as it counts as running", async () => {
    const s = await new Subject().running();
    await s.late("freeze", () => s.container.pause());
    assert.equal(s.container.state, "running");
    assert.deepEqual(s.guest.log.slice(-2), ["freeze", "thaw"]);
    await s.container.pause();
    assert.equal(s.container.state, "paused");
  });

  it("to a resume: the container runs, and that is told", async () => {
    const s = await new Subject().running();
    await s.container.pause();
    await s.late("thaw", () => s.container.resume());
    assert.equal(s.container.state, "running");
    assert.equal(s.events.at(-1), "resumed c1");
    await s.container.pause();
  });
});
