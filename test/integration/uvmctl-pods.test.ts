import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { PodView } from "../../cmd/uvmctl/pods/inspect.ts";
import { type CommandResult, run, start } from "../harness/command.ts";
import { imageName } from "../harness/image.ts";
import { socketPath } from "../harness/leftovers.ts";
import { shimDirectory } from "../harness/runtime-under-test.ts";
import { ready, service } from "../harness/service.ts";
import { until } from "../harness/until.ts";
import { useMachine } from "../harness/use-machine.ts";

/** For what an emulated guest does on a busy machine. */
const PATIENCE_MS = 200_000;
const uvmctl = join(shimDirectory, "uvmctl");

/** uvmctl beside containerd. One pod for all of it, in a VM one boot: the pod that is traced is the one that is looked at. */
describe("uvmctl on the pods of containerd", () => {
  const machine = useMachine();

  it("traces a pod's life, in which ls, top and config tell of it", async (t) => {
    if (machine().runtime.isPeer) return t.skip("runc's shim has no such services");
    const { containerd, namespace, ctr, runtime } = machine();
    const { name: stack, isVm } = runtime.stack;
    const id = machine().id("traced");
    const directory = machine().file("trace");
    const config = machine().file("traced.toml");
    writeFileSync(config, `# a comment\nstack = "${stack}"\n`);
    const annotation = "io.microsoft.virtualmachine.computetopology.memory.sizeinmb";
    const flags = ["--fifo-dir", machine().file("fifo"), "--annotation", `${annotation}=260`];
    const traced = start([
      ...[uvmctl, "trace", "--out", directory, "--id", id, "--config", config, "--json"],
      ...["--ctr", containerd.ctr, "--address", containerd.address, "--namespace", namespace],
      ...flags.map((flag) => `--ctr-flag=${flag}`),
      ...[imageName, ...service(3)],
    ]);
    await until("the traced pod is ready", () => traced.ended() || traced.stdout().startsWith(ready), PATIENCE_MS);
    assert.ok(!traced.ended(), traced.stderr());
    try {
      await looksAt(id, `${config}:2`);
      const socket = socketPath(containerd.address, namespace, id);
      const { values } = JSON.parse((await ok("config", socket, "--json")).stdout);
      const memory = values.find(({ name }: { name: string }) => name === (isVm ? "vm.memory_mib" : "stack"));
      assert.equal(memory.value, isVm ? 260 : "local");
      if (isVm) assert.equal(memory.from, `annotation ${annotation} of container ${id}`);
    } finally {
      await ctr.call(["tasks", "kill", "--signal", "SIGTERM", id]);
    }
    const { code, stdout, stderr } = await traced.result();
    assert.equal(code, 3, stderr);
    const { trace, picture, guestClockError } = JSON.parse(stdout.slice(stdout.indexOf("{")));
    assert.equal(isVm, guestClockError !== undefined, "a VM's guest has a clock of its own");
    checkTrace(JSON.parse(readFileSync(trace, "utf8")), isVm);
    assert.match(readFileSync(picture, "utf8"), /^<svg [^>]*>\n[\s\S]*runc[\s\S]*<\/svg>\n$/);
  });

  it("checks this host by the same rules, and ends as its findings are", async (t) => {
    if (machine().runtime.isPeer) return t.skip("it is our own shim that is checked");
    const { containerd } = machine();
    const config = machine().file("runtime.toml");
    const flags = ["--config", config, "--address", containerd.address, "--json"];
    const env = { PATH: `${shimDirectory}:${process.env.PATH}` };
    const { code, stdout, stderr } = await run([uvmctl, "check", ...flags], { env });
    assert.equal(code, 0, stdout + stderr);
    const findings: { check: string; verdict: string; what: string }[] = JSON.parse(stdout);
    assert.ok(findings.some(({ check, what }) => check === "containerd" && what.includes(containerd.address)));
    writeFileSync(machine().file("wrong.toml"), '[runc]\nbinray = "x"\n');
    const wrong = await run([uvmctl, "check", "--config", machine().file("wrong.toml")]);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /wrong\.toml:2: unknown key runc\.binray: did you mean runc\.binary\?/);
  });

  async function ok(...args: string[]): Promise<CommandResult> {
    const result = await run([uvmctl, ...args]);
    assert.equal(result.code, 0, result.stderr);
    return result;
  }

  /** What ls and top tell of a pod with one container, and of a process beside its first. */
  async function looksAt(id: string, configured: string): Promise<void> {
    const { ctr, namespace, runtime } = machine();
    const { name: stack } = runtime.stack;
    const exec = start(ctr.execArgv(id, "beside", ["sleep", "1000"]));
    // Other tests may run pods in namespaces of theirs.
    const isOwn = (pod: PodView): boolean => pod.namespace === namespace && pod.pod === id;
    const pod = await until(
      "ls tells of the process beside the first",
      async () => {
        const pods: PodView[] = JSON.parse((await ok("ls", "--json")).stdout);
        return pods.find((one) => isOwn(one) && one.containers[0]?.execs[0]?.status === "running");
      },
      PATIENCE_MS,
    );
    assert.deepEqual([pod.stack, pod.problem], [stack, undefined]);
    const daemon = machine()
      .traces.processes()
      .find(({ pid }) => pid === pod.pid);
    assert.match(daemon?.title ?? "", new RegExp(`${runtime.binary} .*${id}`));
    const [container, ...others] = pod.containers;
    assert.ok(container !== undefined && others.length === 0);
    assert.deepEqual([container.id, container.status, container.pid], [id, "running", await ctr.pid(id)]);
    const { memoryBytes = 0, pids = 0 } = container.usage ?? {};
    assert.ok(memoryBytes > 0 && pids >= 2 && (container.ageSeconds ?? -1) >= 0, JSON.stringify(container));
    assert.equal(container.execs[0]?.id, "beside");
    assert.ok(pod.total.memoryBytes > 1e6, "the daemon's own at least");

    const table = (await ok("ls")).stdout;
    assert.match(table, /^POD +CONTAINER +EXEC +STACK +STATUS +PID +MEMORY +AGE$/m);
    assert.match(table, new RegExp(`^${namespace}/${id} +${stack} +serves +\\d+ +[\\d.]+ MiB +\\S`, "m"));
    assert.match(table, new RegExp(`^${namespace}/${id} +${id} +beside +running +\\d+`, "m"));

    const top = (await ok("top", "--once", "--delay", "0.2")).stdout;
    assert.match(top, /^POD +CONTAINER +STACK +CPU % +MEMORY +PIDS\n/);
    assert.match(top, new RegExp(`^${namespace}/${id} +${id} +\\d+\\.\\d +[\\d.]+ \\w+ +\\d+$`, "m"));
    const loads: { pod: string; container: string; pids: number }[] = JSON.parse((await ok("top", "--json")).stdout);
    assert.deepEqual(
      loads.filter((load) => load.pod === `${namespace}/${id}`).map((load) => load.container),
      ["", id],
    );

    const shown = (await ok("config", `${namespace}/${id}`)).stdout;
    // Traced by a copy of the file that has a line more before it.
    assert.match(shown, new RegExp(`^stack +${stack} +\\S+/trace/config\\.toml:3$`, "m"), configured);
    assert.match(shown, /^trace_directory +\S+\/trace\/spans +\S+\/trace\/config\.toml:1$/m);
    await ctr.ok("tasks", "kill", "--signal", "SIGKILL", "--exec-id", "beside", id);
    await exec.result();
  }
});

/** As Chrome's trace format wants it, and with what a pod's life is made of. */
function checkTrace({ traceEvents }: { traceEvents: Record<string, unknown>[] }, isVm: boolean): void {
  const tracks = new Map<unknown, unknown>();
  const names = new Map<unknown, Set<unknown>>();
  for (const { ph, name, ts, dur, pid, tid, args } of traceEvents) {
    assert.ok(typeof name === "string" && Number.isInteger(pid) && Number.isInteger(tid));
    if (ph === "M") {
      if (name === "process_name") tracks.set(pid, (args as { name: string }).name);
      continue;
    }
    assert.equal(ph, "X");
    assert.ok(Number.isFinite(ts) && (dur as number) >= 0);
    const track = tracks.get(pid) ?? assert.fail("a process without a name");
    names.set(track, (names.get(track) ?? new Set()).add(name));
  }
  const has = (track: string, ...expected: string[]): void => {
    for (const name of expected) assert.ok(names.get(track)?.has(name), `${track}: ${name}`);
  };
  has("client", "ctr run --rm");
  has("start", "start", "the daemon's start");
  has("daemon", "boot of the daemon", "Create", "Start", "Wait", "Delete");
  has("vm", "create", "start", "boot to the guest's dial", "terminate");
  has("runc", "create", "start", "delete");
  assert.ok([...(names.get("bridge") ?? [])].some((name) => String(name).startsWith("ComputeSystemResponseCreate")));
  assert.ok((names.get("guest")?.size ?? 0) > 1);
  assert.equal(isVm, names.has("kernel"), "a VM has a kernel of its own");
}
