import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createRequest, GuestStandIn } from "../../../test/compliance/guest-stand-in.ts";
import { unavailable } from "../../errors/shim-error.ts";
import type { LinuxGuest } from "../../guestmanager/create-guest.ts";
import type { VMExit } from "../../vmmanager/lifetime.ts";
import type { UtilityVM } from "../../vmmanager/uvm.ts";
import { deferred } from "../deadline.ts";
import { PodNetwork } from "../network/pod-network.ts";
import { PodController } from "./controller.ts";

const rpc = { signal: new AbortController().signal };
const STATISTICS = { memory: { assignedBytes: 2n, workingSetBytes: 1n }, processor: { totalNs: 4n, guestNs: 3n } };
const init = { id: "c1", execId: "" };

/** A VM that can stand still: what its guest has to tell waits until it runs. */
class Subject {
  readonly guest = new GuestStandIn();
  readonly pod: PodController;
  resume: () => Promise<void> = async () => {};
  boot: () => Promise<void> = async () => {};
  rests = false;
  terminated = false;
  measured = true;
  readonly hooksRun: string[] = [];
  readonly #exit = deferred<VMExit>();

  constructor() {
    const uvm = {
      ...{ id: "p1", stack: "qemu", os: "linux", restored: [], sockets: {} },
      supported: (resource: string) => resource !== "statistics" || this.measured,
      statistics: async () => {
        assert.equal(this.rests, false, "asked while it rests");
        return STATISTICS;
      },
      hostPid: (pid: number) => pid,
      guestPath: (path: string) => path,
      start: () => this.boot(),
      pause: async () => {
        this.rests = true;
      },
      resume: async () => {
        await this.resume();
        this.rests = false;
      },
      terminate: async () => {
        this.terminated = true;
        this.#exit.resolve({ exitedAt: new Date() });
      },
      wait: () => this.#exit.promise,
      close: async () => {},
    };
    this.pod = new PodController({
      ...{ id: "p1", namespace: "ns", stateDirectory: "/state", runc: { binary: "runc", root: "/run/r" } },
      stack: {
        name: "local",
        create: async () => uvm as unknown as UtilityVM,
        restore: () => Promise.reject(new Error("not asked for here")),
      },
      createGuest: () => this.guest as unknown as LinuxGuest,
      host: { runHook: async ({ path }) => void this.hooksRun.push(path) },
      network: (pod) =>
        new PodNetwork({
          ...pod,
          host: {
            ...{ identify: (path: string) => path, links: async () => [], makeNamespace() {}, removeNamespace() {} },
            joinTap: () => Promise.reject(new Error("not asked for here")),
            leaveTap: async () => {},
          },
        }),
      ports: {
        loadSpec: () => ({
          ...{ ociVersion: "1.0.2", root: { path: "rootfs" } },
          hooks: { createRuntime: [{ path: "/cni" }], poststop: [{ path: "/down" }] },
        }),
        rootfs: { mount: async () => {}, unmount: async () => {} },
        files: { kindOf: () => "directory", tmpfsSize: () => undefined },
        io: {
          open: async () => ({
            ...{ stdin: undefined, stdout: undefined, stderr: undefined },
            ...{ drained: async () => {}, close: async () => {} },
          }),
          relay: () => ({ done: Promise.resolve(), stop() {}, hold: () => new Uint8Array(), release() {} }),
        },
        events: { publish: () => {} },
        warn: () => {},
      },
    });
  }

  async paused(): Promise<this> {
    await this.pod.create(createRequest("c1"), rpc);
    await this.pod.start(init, rpc);
    await this.pod.pause("c1", rpc);
    assert.equal(this.rests, true);
    return this;
  }
}

describe("a pod's create that is cancelled while its VM boots for another", () => {
  it("runs no hook that nobody would take back", async () => {
    const s = new Subject();
    const held = deferred<void>();
    s.boot = () => held.promise;
    const other = s.pod.create(createRequest("c1"), rpc);
    const leaving = new AbortController();
    const left = s.pod.create(createRequest("c2"), { signal: leaving.signal });
    leaving.abort(unavailable("its caller left"));
    await assert.rejects(left, { kind: "unavailable" });
    await new Promise(setImmediate);
    held.resolve();
    await other;
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    assert.deepEqual(s.hooksRun, ["/cni"]);
  });
});

describe("a pod whose VM rests", () => {
  it("is awake for its VM's statistics, which its own task alone tells, where the stack has any", async () => {
    const s = new Subject();
    for (const id of ["p1", "c1"]) {
      await s.pod.create(createRequest(id), rpc);
      await s.pod.start({ id, execId: "" }, rpc);
      await s.pod.pause(id, rpc);
    }
    assert.equal(s.rests, true);
    assert.deepEqual(await s.pod.vmStatistics("p1", rpc), STATISTICS);
    assert.equal(await s.pod.vmStatistics("c1", rpc), undefined);
    s.measured = false;
    assert.equal(await s.pod.vmStatistics("p1", rpc), undefined);
    await assert.rejects(s.pod.vmStatistics("c2", rpc), { kind: "not-found" });
  });

  it("is awake from a kill until the exit is told", async () => {
    const s = await new Subject().paused();
    // The guest takes the signal at once, and tells of the exit some turns later: if its VM runs then.
    const side = s.guest.side("c1");
    const { promise, resolve } = side.init;
    Object.assign(side.init, { resolve: () => {} });
    await s.pod.kill(init, 9, false, rpc);
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    assert.equal(s.rests, false, "the VM rests while the exit is on its way");
    resolve(137);
    await promise;
    assert.equal((await s.pod.wait(init, rpc)).exitStatus, 137);
    await s.pod.delete(init, rpc);
    assert.equal(s.pod.busy(), false);
  });

  it("ends with its VM, by SIGKILL, where that can't be woken", async () => {
    const s = await new Subject().paused();
    s.resume = () => Promise.reject(unavailable("QEMU's monitor is closed"));
    await assert.rejects(s.pod.kill(init, 15, false, rpc), { kind: "unavailable" });
    assert.equal(s.terminated, false);
    await s.pod.kill(init, 9, false, rpc);
    assert.equal(s.terminated, true);
    assert.equal((await s.pod.wait(init, rpc)).exitStatus, 255);
    await s.pod.delete(init, rpc);
    assert.equal(s.pod.busy(), false);
  });
});
