import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ErrorKind, isKind, ShimError } from "../../errors/shim-error.ts";
import { deferred } from "../deadline.ts";
import { SandboxController } from "./controller.ts";
import type { SandboxPod } from "./ports.ts";

const options = { signal: new AbortController().signal };
const request = { id: "s1", bundle: "/b", networkNamespace: "/run/netns/n1", annotations: { a: "1" } };
const kind = (wanted: ErrorKind) => (error: unknown) => isKind(error, wanted);

/** A sandbox on a pod that notes its calls and boots when told. */
class Subject implements SandboxPod {
  readonly calls: string[] = [];
  readonly boot = deferred<{ pid: number }>();
  readonly sandbox = new SandboxController("s1", async () => this);
  lose: () => void = () => assert.fail("not held");

  constructor(boots = true) {
    if (boots) this.boot.resolve({ pid: 7 });
  }

  async hold(held: object, onLost: () => void): Promise<{ pid: number }> {
    assert.equal(held, request);
    this.calls.push("hold");
    this.lose = onLost;
    return await this.boot.promise;
  }

  async metrics(): Promise<object> {
    return { v2: { pids: { current: 3 } } };
  }

  async letGo(): Promise<void> {
    this.calls.push("letGo");
  }

  async ready(): Promise<this> {
    this.sandbox.create(request);
    await this.sandbox.start("s1", options);
    return this;
  }
}

describe("a sandbox", () => {
  it("is created, started, told, stopped, waited for and shut down", async () => {
    const { sandbox, calls } = await new Subject().ready();
    const { createdAt, ...status } = sandbox.status("s1");
    assert.deepEqual(status, { ready: true, pid: 7, state: "ready", networkNamespace: "/run/netns/n1" });
    assert.ok(Date.now() - createdAt.getTime() < 60_000);
    sandbox.ping("s1");
    assert.deepEqual(await sandbox.metrics("s1", options), { v2: { pids: { current: 3 } } });
    const exit = sandbox.wait("s1", options);
    await sandbox.stop("s1", options);
    assert.equal((await exit).status, 0);
    assert.deepEqual(sandbox.status("s1").exitedAt, (await exit).at);
    assert.equal(sandbox.status("s1").ready, false);
    assert.equal(sandbox.busy(), true);
    await sandbox.shutdown("s1", options);
    assert.equal(sandbox.busy(), false);
    assert.equal(calls[0], "hold");
    assert.ok(calls.includes("letGo"));
  });

  it("exists once a shim", async () => {
    const { sandbox } = await new Subject().ready();
    for (const id of ["s1", "s2"]) assert.throws(() => sandbox.create({ ...request, id }), kind("already-exists"));
    await sandbox.shutdown("s1", options);
    assert.throws(() => sandbox.create(request), kind("already-exists"));
  });

  it("is refused what its state does not have", async () => {
    const { sandbox } = new Subject();
    await assert.rejects(sandbox.start("s1", options), kind("failed-precondition"));
    assert.throws(() => sandbox.ping("s1"), kind("failed-precondition"));
    await assert.rejects(sandbox.metrics("s1", options), kind("failed-precondition"));
    assert.throws(() => sandbox.status("s1"), kind("not-found"));
    await assert.rejects(sandbox.wait("s1", options), kind("not-found"));
    await assert.rejects(sandbox.stop("s1", options), kind("not-found"));
    sandbox.create(request);
    assert.throws(() => sandbox.ping("s1"), kind("failed-precondition"));
    await assert.rejects(sandbox.stop("s2", options), kind("not-found"));
    await sandbox.start("s1", options);
    await assert.rejects(sandbox.start("s1", options), kind("failed-precondition"));
    await sandbox.stop("s1", options);
    assert.throws(() => sandbox.ping("s1"), kind("failed-precondition"));
    await assert.rejects(sandbox.start("s1", options), kind("failed-precondition"));
  });

  it("is stopped as often as one likes, its pod ended once", async () => {
    const { sandbox, calls } = await new Subject().ready();
    await Promise.all([sandbox.stop("s1", options), sandbox.stop("s1", options)]);
    await sandbox.stop("s1", options);
    assert.deepEqual(calls, ["hold", "letGo"]);
  });

  it("lets a stop wait for a start under way", async () => {
    const { sandbox, boot, calls } = new Subject(false);
    sandbox.create(request);
    const started = sandbox.start("s1", options);
    const stopped = sandbox.stop("s1", options);
    boot.resolve({ pid: 7 });
    assert.equal((await started).pid, 7);
    await stopped;
    assert.deepEqual(calls, ["hold", "letGo"]);
    assert.equal(sandbox.status("s1").ready, false);
  });

  it("ends with its VM, and lets go of it with the shutdown", async () => {
    const subject = await new Subject().ready();
    const exit = subject.sandbox.wait("s1", options);
    subject.lose();
    assert.equal((await exit).status, 137);
    assert.equal(subject.sandbox.status("s1").ready, false);
    await subject.sandbox.stop("s1", options);
    await subject.sandbox.shutdown("s1", options);
    assert.deepEqual(subject.calls, ["hold", "letGo"]);
    assert.equal(subject.sandbox.busy(), false);
  });

  it("that does not start is stopped, and can be shut down", async () => {
    const { sandbox, boot, calls } = new Subject(false);
    sandbox.create(request);
    boot.reject(new ShimError("unavailable", "no KVM"));
    await assert.rejects(sandbox.start("s1", options), kind("unavailable"));
    assert.equal((await sandbox.wait("s1", options)).status, 137);
    await sandbox.shutdown("s1", options);
    assert.deepEqual(calls, ["hold", "letGo"]);
    assert.equal(sandbox.busy(), false);
  });

  it("whose pod cannot be made can be shut down, started or not", async () => {
    for (const starts of [true, false]) {
      const sandbox = new SandboxController("s1", () => Promise.reject(new ShimError("unavailable", "no such stack")));
      sandbox.create(request);
      if (starts) await assert.rejects(sandbox.start("s1", options), kind("unavailable"));
      await sandbox.shutdown("s1", options);
      assert.equal(sandbox.busy(), false);
    }
  });

  it("that was never created can be shut down, and no pod is made for it", async () => {
    const { sandbox, calls } = new Subject();
    await sandbox.shutdown("s1", options);
    await sandbox.shutdown("s1", options);
    assert.deepEqual(calls, []);
  });

  it("ends an RPC's waiting with the RPC", async () => {
    const { sandbox } = await new Subject().ready();
    const call = new AbortController();
    const waiting = sandbox.wait("s1", { signal: call.signal });
    call.abort(new ShimError("canceled", "gone"));
    await assert.rejects(waiting, kind("canceled"));
  });
});
