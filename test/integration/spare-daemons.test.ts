import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { listSpares, poolOf, type Spare } from "../../src/shim/spare/pool.ts";
import { type Inventory, socketPath } from "../harness/leftovers.ts";
import { runtimeOptions, ShimProgram } from "../harness/shim-program.ts";
import { until } from "../harness/until.ts";

const requestOf = (id: string, bundle: string) => ({
  ...{ id, bundle, rootfs: [], terminal: false, stdin: "", stdout: "", stderr: "" },
  ...{ checkpoint: "", parentCheckpoint: "", options: undefined },
});
const { UVM_STACK: stack = "local", UVM_TEST_RUNTIME: runtime = "io.containerd.uvm.v1" } = process.env;

describe("spare daemons", { skip: stack !== "local" || runtime !== "io.containerd.uvm.v1" }, () => {
  let shim: ShimProgram;
  let config = "";
  let baseline: Inventory;

  before(async () => {
    shim = new ShimProgram();
    await shim.events.open();
    config = join(shim.traces.directory, "spares.toml");
    configure(0);
    // The first container makes the namespace's own directories and cgroups, which then stay.
    await end(await begun(await started("warm-up")));
  });
  beforeEach(() => {
    baseline = shim.traces.inventory();
  });
  afterEach(async () => {
    // One that a pod's end has started may be on its way.
    await until("the spares' end", () => {
      for (const { directory, pid, pool, alive } of listSpares()) {
        if (pool !== poolOf(shim.traces.address)) continue;
        rmSync(directory, { recursive: true, force: true });
        if (alive) process.kill(pid, "SIGTERM");
      }
      return !shim.traces.processes().some(({ title }) => / spare \{/.test(title));
    });
    await shim.traces.assertNoLeaks(baseline);
  });
  after(async () => {
    await shim.close();
  });

  function configure(count: number, more = ""): void {
    writeFileSync(config, `stack = "local"\nspare_daemons = ${count}\n${more}`);
  }

  function spares(): Spare[] {
    return listSpares().filter(({ pool, alive }) => alive && pool === poolOf(shim.traces.address));
  }

  /** One call of `start`; the shim says which process serves. */
  async function started(name: string) {
    const id = shim.traces.id(name);
    const bundle = await shim.bundle(id, shim.spec(id, ["/bin/sleep", "1000"]));
    const input = runtimeOptions({ configPath: config });
    const { code, stdout, stderr } = await shim.call(id, ["start"], { bundle, input });
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal(stdout.trim(), `unix://${socketPath(shim.traces.address, shim.traces.namespace, id)}`);
    const task = await shim.task(stdout);
    const { shimPid } = await task.connect({ id });
    return { id, bundle, task, shimPid };
  }
  type Pod = Awaited<ReturnType<typeof started>>;

  async function begun(pod: Pod): Promise<Pod> {
    await pod.task.create(requestOf(pod.id, pod.bundle));
    await pod.task.start({ id: pod.id, execId: "" });
    return pod;
  }

  async function end({ id, bundle, task }: Pod): Promise<void> {
    await task.kill({ id, execId: "", signal: 9, all: false });
    await task.wait({ id, execId: "" });
    await task.delete({ id, execId: "" });
    await task.shutdown({ id, now: false }).catch(() => {}); // The daemon may be faster than its answer.
    const deleted = await shim.call(id, ["delete"], { bundle, flags: ["-bundle", bundle] });
    assert.deepEqual([deleted.code, deleted.stderr], [0, ""]);
    assert.ok(!existsSync(socketPath(shim.traces.address, shim.traces.namespace, id)));
    shim.removeBundle(bundle);
  }

  /** A pod whose daemon has spares wait. */
  async function withSpares(count: number) {
    configure(count);
    const first = await started("first");
    await until("the spares", () => spares().length === count);
    return { first, pids: spares().map(({ pid }) => pid) };
  }

  it("are the next pod's daemon, as one that was started for it", async () => {
    const { first, pids } = await withSpares(1);
    const pod = await started("claimed");
    assert.deepEqual([pod.shimPid], pids);
    // A kernel without CONFIG_CHECKPOINT_RESTORE leaves NULs behind it.
    const argsOf = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean);
    const [args, ordinary] = [argsOf(pod.shimPid), argsOf(first.shimPid)];
    assert.deepEqual(
      args
        .slice(1)
        .map((arg) => (arg === pod.id ? first.id : arg))
        .sort(),
      ordinary.slice(1).sort(),
    );
    assert.deepEqual(args.slice(1, 5), ["-namespace", shim.traces.namespace, "-id", pod.id]);
    assert.equal(readlinkSync(`/proc/${pod.shimPid}/cwd`), pod.bundle);
    const fds = readdirSync(`/proc/${pod.shimPid}/fd`).map((fd) => readlinkSync(`/proc/${pod.shimPid}/fd/${fd}`));
    assert.deepEqual(fds.slice(0, 3), ["/dev/null", "/dev/null", "/dev/null"]);
    assert.deepEqual(
      fds.filter((target) => /pipe:|\.spares/.test(target)),
      [],
    );
    for (const file of ["oom_score_adj", "cgroup", "comm"]) {
      const of = (pid: number) => readFileSync(`/proc/${pid}/${file}`, "utf8");
      assert.equal(of(pod.shimPid), of(first.shimPid), file);
    }
    assert.match(shim.readLog(pod.bundle), new RegExp(`the shim's daemon serves" id=${pod.id} .* pid=${pod.shimPid} `));
    await end(await begun(pod));
    await end(await begun(first));
  });

  it("are each claimed once, and replaced", async () => {
    const { first, pids } = await withSpares(2);
    const pods = await Promise.all(["a", "b", "c", "d"].map(started));
    const daemons = new Set(pods.map(({ shimPid }) => shimPid));
    assert.equal(daemons.size, pods.length);
    for (const pid of pids) assert.ok(daemons.has(pid), `spare ${pid} serves`);
    await until("new spares", () => spares().length === 2);
    for (const pod of [first, ...pods]) await end(await begun(pod));
  });

  it("are passed over where they were killed or stopped", async () => {
    const { first, pids } = await withSpares(2);
    const [killed = 0, stopped = 0] = pids;
    process.kill(killed, "SIGKILL");
    process.kill(stopped, "SIGSTOP");
    const pod = await started("ordinary");
    assert.ok(!pids.includes(pod.shimPid));
    process.kill(stopped, "SIGCONT");
    await end(await begun(pod));
    await end(await begun(first));
  });

  it("read the configuration when they are claimed, and end where none are wanted", async () => {
    const { first } = await withSpares(1);
    const none = shim.traces.id("no-stack");
    const bundle = await shim.bundle(none, shim.spec(none, ["/bin/true"]));
    writeFileSync(config, "stack = 7\n");
    const input = runtimeOptions({ configPath: config });
    const { code, stdout, stderr } = await shim.call(none, ["start"], { bundle, input });
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /spares\.toml:1: /);
    shim.removeBundle(bundle);
    configure(0);
    await until("the spares' end", () => spares().length === 0);
    await end(await begun(first));
    assert.deepEqual(spares(), []);
  });
});
