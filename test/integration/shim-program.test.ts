import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { isKind } from "../../src/errors/shim-error.ts";
import { DeleteResponse } from "../../src/generated/containerd/task/v2.ts";
import { type Inventory, socketPath } from "../harness/leftovers.ts";
import { service } from "../harness/service.ts";
import { ShimProgram } from "../harness/shim-program.ts";
import { until } from "../harness/until.ts";

const forever = service(7);
const requestOf = (id: string, bundle: string) => ({
  ...{ id, bundle, rootfs: [], terminal: false, stdin: "", stdout: "", stderr: "" },
  ...{ checkpoint: "", parentCheckpoint: "", options: undefined },
});

describe("the shim as a program", () => {
  let shim: ShimProgram;
  let baseline: Inventory;

  before(async () => {
    shim = new ShimProgram();
    await shim.events.open();
    // The first container makes the namespace's own directories and cgroups, which then stay.
    const { id, bundle, task } = await started("warm-up", ["true"]);
    await task.create(requestOf(id, bundle));
    await end(id, bundle, task);
  });
  beforeEach(() => {
    baseline = shim.traces.inventory();
  });
  afterEach(async () => {
    await shim.traces.assertNoLeaks(baseline);
  });
  after(async () => {
    await shim.close();
  });

  async function started(name: string, args: readonly string[], env?: Record<string, string>) {
    const id = shim.traces.id(name);
    const bundle = await shim.bundle(id, shim.spec(id, args));
    const { code, stdout, stderr } = await shim.call(id, ["start"], { bundle, ...(env === undefined ? {} : { env }) });
    assert.equal(code, 0, stderr);
    return { id, bundle, address: stdout, task: await shim.task(stdout) };
  }

  /** What containerd does with a task at its end. */
  async function end(id: string, bundle: string, task: Awaited<ReturnType<typeof started>>["task"]): Promise<void> {
    await task.kill({ id, execId: "", signal: 9, all: false }).catch(() => {});
    await task.wait({ id, execId: "" }).catch(() => {});
    await task.delete({ id, execId: "" });
    await task.shutdown({ id, now: false }).catch(() => {}); // The daemon may be faster than its answer.
    await shim.call(id, ["delete"], { bundle, flags: ["-bundle", bundle] });
    shim.removeBundle(bundle);
  }

  it("start prints the address alone, the same one when it is run twice", async () => {
    const { id, bundle, address, task } = await started("twice", forever);
    assert.equal(address.trim(), `unix://${socketPath(shim.traces.address, shim.traces.namespace, id)}`);
    const again = await shim.call(id, ["start"], { bundle });
    assert.deepEqual([again.code, again.stdout.trim(), again.stderr], [0, address.trim(), ""]);
    assert.equal(shim.traces.processes().length, 1);
    await task.create(requestOf(id, bundle));
    await end(id, bundle, task);
  });

  it("SIGUSR1 writes what the daemon holds into the log, and it goes on", async (t) => {
    if (shim.runtime.isPeer) {
      t.skip("runc's shim dumps its stacks");
      return;
    }
    const { id, bundle, task } = await started("report", forever);
    const { pid } = await task.create(requestOf(id, bundle));
    await task.start({ id, execId: "" });
    const daemon = shim.daemonOf(id);
    // A guest of its own has its own pids.
    const inside = shim.runtime.stack.isVm ? "\\d+" : `${pid}`;
    let log = "";
    const told = (...words: (string | RegExp)[]) => words.every((word) => log.match(word) !== null);
    let looks = 0;
    await until("the report", () => {
      // Again every five seconds: a guest that is slow to tell is told of as silent.
      if (looks++ % 250 === 0) process.kill(daemon.pid, "SIGUSR1");
      log += shim.readLog(bundle);
      return told(
        new RegExp(
          `msg="report: daemon".* pid=${daemon.pid} busy=true connections=\\d+ leaving=false queuedEvents=\\d+ heapBytes=\\d+ residentBytes=\\d+`,
        ),
        /msg="report: pod".* containers=1/,
        /msg="report: vm".* state=running/,
        new RegExp(`msg="report: container".* container=${id} state=running pid=${pid}`),
        new RegExp(`msg="report: process".* container=${id} process=${id} state=running pid=${inside}`),
        new RegExp(`msg="report: guest".* line=".*pid ${inside} running`),
      );
    });
    assert.equal((await task.state({ id, execId: "" })).status, 2);
    await end(id, bundle, task);
  });

  it("delete after kill -9 ends the container, reports 137 and removes all", async () => {
    const { id, bundle, task } = await started("killed", forever);
    const { pid } = await task.create(requestOf(id, bundle));
    await task.start({ id, execId: "" });
    const daemon = shim.daemonOf(id);
    process.kill(daemon.pid, "SIGKILL");
    await until("the daemon is gone", () => !existsSync(`/proc/${daemon.pid}`));
    const deleted = await shim.call(id, ["delete"], { bundle, flags: ["-bundle", bundle] });
    assert.equal(deleted.code, 0, deleted.stderr);
    assert.equal(DeleteResponse.decode(deleted.bytes).exitStatus, 137);
    await until("the container's process is gone", () => !existsSync(`/proc/${pid}`));
    // runc's shim leaves its socket when it is killed (containerd 1.6); ours must not.
    if (shim.runtime.isPeer) rmSync(socketPath(shim.traces.address, shim.traces.namespace, id));
    const again = await shim.call(id, ["delete"], { bundle, flags: ["-bundle", bundle] });
    assert.equal(again.code, 0, "delete can be repeated");
    shim.removeBundle(bundle);
  });

  it("delete of what never started succeeds", async (t) => {
    if (shim.runtime.isPeer) {
      t.skip("runc's shim fails without its options.json");
      return;
    }
    const id = shim.traces.id("never");
    const bundle = await shim.bundle(id, shim.spec(id, ["true"]));
    const { code, bytes } = await shim.call(id, ["delete"], { bundle, flags: ["-bundle", bundle] });
    assert.equal(code, 0);
    assert.equal(DeleteResponse.decode(bytes).exitStatus, 137);
    shim.removeBundle(bundle);
  });

  it("create of a bundle that is not there is refused and leaves the daemon well", async () => {
    const { id, bundle, task } = await started("nobundle", forever);
    const other = shim.traces.id("other");
    await assert.rejects(task.create(requestOf(other, "/no/such/bundle")), (error) => {
      assert.ok(isKind(error, "not-found") || isKind(error, "invalid-argument") || shim.runtime.isPeer, String(error));
      return true;
    });
    await task.create(requestOf(id, bundle));
    await end(id, bundle, task);
  });

  const nonsense: readonly [what: string, config: string][] = [
    ["no JSON", "{ this is not JSON"],
    ["empty", ""],
    ["another JSON value", "[1, 2, 3]"],
    ["without a process", '{"ociVersion":"1.0.2","root":{"path":"rootfs"},"linux":{}}'],
    ["of wrong types", '{"ociVersion":"1.0.2","process":"sh","root":[],"linux":7}'],
  ];
  for (const [what, config] of nonsense) {
    it(`a config.json that is ${what} fails start or create with one line, and leaves nothing`, async () => {
      const id = shim.traces.id("nonsense");
      const bundle = await shim.bundle(id, config);
      const start = await shim.call(id, ["start"], { bundle });
      if (start.code === 0) {
        const task = await shim.task(start.stdout);
        await assert.rejects(task.create(requestOf(id, bundle)), (error: Error) => {
          assert.doesNotMatch(error.message, /\n/);
          return true;
        });
        await task.shutdown({ id, now: false }).catch(() => {});
      } else if (!shim.runtime.isPeer) {
        assert.match(start.stderr, /^[^\n]*config\.json[^\n]*\n?$/);
        assert.equal(start.stdout, "");
      }
      await shim.call(id, ["delete"], { bundle, flags: ["-bundle", bundle] });
      shim.removeBundle(bundle);
    });
  }

  it("unknown flags are passed over, unknown actions and missing names refused in one line", async (t) => {
    if (shim.runtime.isPeer) {
      t.skip("Go's flag package refuses unknown flags");
      return;
    }
    const id = shim.traces.id("flags");
    const bundle = await shim.bundle(id, shim.spec(id, ["true"]));
    const start = await shim.call(id, ["start"], { bundle, flags: ["-some-new-flag", "value", "-another=1"] });
    assert.equal(start.code, 0, start.stderr);
    const task = await shim.task(start.stdout);
    await task.shutdown({ id, now: false }).catch(() => {});
    for (const action of ["restart", "Start"]) {
      const { code, stdout, stderr } = await shim.call(id, [action], { bundle });
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, /^[^\n]+\n$/);
    }
    const { code, stderr } = await shim.call("", ["start"], { bundle });
    assert.equal(code, 1);
    assert.match(stderr, /^[^\n]*id[^\n]*\n$/);
    await shim.call(id, ["delete"], { bundle, flags: ["-bundle", bundle] });
    shim.removeBundle(bundle);
  });

  it("a configuration that is nonsense fails start and names file and line", async (t) => {
    if (shim.runtime.isPeer) {
      t.skip("runc's shim has no configuration file");
      return;
    }
    const { Any } = await import("../../src/generated/google/protobuf.ts");
    const { Options } = await import("../../src/generated/runtimeoptions/v1.ts");
    const id = shim.traces.id("config");
    const bundle = await shim.bundle(id, shim.spec(id, ["true"]));
    for (const [text, words] of [
      ['stack = "local', /line 1|:1/],
      ['stack = "nonsense"\n', /nonsense/],
      ['stack = "local"\nno_such_key = 1\n', /no_such_key/],
    ] as const) {
      const value = Options.encode(Options.create({ configBody: new TextEncoder().encode(text) }));
      const input = Any.encode(Any.create({ typeUrl: "runtimeoptions.v1.Options", value }));
      const { code, stdout, stderr } = await shim.call(id, ["start"], { bundle, input });
      assert.deepEqual([code, stdout], [1, ""], text);
      assert.match(stderr, words);
      assert.equal(stderr.trim().split("\n").length, 1, stderr);
    }
    await shim.call(id, ["delete"], { bundle, flags: ["-bundle", bundle] });
    shim.removeBundle(bundle);
  });

  it("-v prints a line for people, -info a RuntimeInfo, both without an id", async () => {
    const version = await shim.call("", [], { flags: ["-v"], input: new Uint8Array() });
    assert.equal(version.code, 0);
    assert.match(version.stdout, /\d+\.\d+/);
    if (shim.runtime.isPeer) return; // 1.6 has no -info.
    const info = await shim.call("", [], { flags: ["-info"], input: new Uint8Array() });
    assert.equal(info.code, 0, info.stderr);
    assert.match(info.stdout, /io\.containerd\.uvm\.v1/);
  });
});
