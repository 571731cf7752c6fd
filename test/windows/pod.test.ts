import assert from "node:assert/strict";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { after, afterEach, before, describe, it } from "node:test";
import { runtime } from "#runtime";
import type { ModifyRequest } from "../../src/gcs/host.ts";
import { ShimDiag } from "../../src/generated/containerd/runhcs/v1/diag.ts";
import { Sandbox } from "../../src/generated/containerd/runtime/sandbox/v1.ts";
import { DeleteResponse } from "../../src/generated/containerd/task/v2.ts";
import { Status } from "../../src/generated/containerd/v1/types.ts";
import { until } from "../harness/until.ts";
import { type ClientPipe, Containerd, clientPipe, WindowsPod } from "./pod.ts";
import { RUN_DIRECTORY, runShim, runs } from "./shim.ts";

const podsLeft = (): unknown[] => (existsSync(RUN_DIRECTORY) ? readdirSync(RUN_DIRECTORY) : []);
const containerd = new Containerd();

const pods: WindowsPod[] = [];
const makePod = (id: string): WindowsPod => {
  const pod = new WindowsPod(id);
  pods.push(pod);
  return pod;
};

before(() => containerd.open());
after(() => containerd.close());
afterEach(async () => {
  for (const pod of pods.splice(0)) {
    if (runs(pod.pid)) process.stderr.write(pod.daemonLog());
    await pod.abandon();
  }
  containerd.events.splice(0);
  rmSync(RUN_DIRECTORY, { recursive: true, force: true });
  for (const pipe of pipes.splice(0)) pipe.close();
});

const pipes: ClientPipe[] = [];
const makePipe = async (): Promise<ClientPipe> => {
  const pipe = await clientPipe();
  pipes.push(pipe);
  return pipe;
};

const request = (pod: WindowsPod, io: { stdin?: string; stdout?: string; stderr?: string } = {}) => ({
  ...{ id: pod.id, bundle: pod.bundle, rootfs: [], terminal: false, stdin: "", stdout: "", stderr: "" },
  ...{ checkpoint: "", parentCheckpoint: "", options: undefined },
  ...io,
});

/** Delete, Shutdown, and that nothing is left: no pipe, no process, no state, no handle of HCS. */
async function finish(pod: WindowsPod): Promise<void> {
  const { pid } = pod;
  await pod.tasks.delete({ id: pod.id, execId: "" });
  await pod.tasks.shutdown({ id: pod.id, now: false });
  await pod.leave();
  await until("the daemon's end", () => !runs(pid));
  await assert.rejects(runtime.connect(pod.address), { code: "ENOENT" });
  assertClean(pod);
}

function assertClean(pod: WindowsPod): void {
  const log = pod.log();
  assert.deepEqual(
    log.filter(({ bug }) => bug !== undefined),
    [],
  );
  const calls = (name: string) => log.filter(({ call }) => call === name).length;
  assert.equal(calls("HcsCloseComputeSystem"), 1);
  // Nothing of HCS lived when the process ended: no system, operation or string.
  assert.deepEqual(
    log.flatMap(({ detach, result }) => (detach === undefined ? [] : [result])),
    [0],
  );
}

describe("a pod on Windows", () => {
  it("runs a container in an LCOW VM, with stdio over named pipes and its events in order", async () => {
    const pod = makePod("lcow");
    await pod.start(["cat"], containerd);
    const [stdin, stdout] = [await makePipe(), await makePipe()];
    const { pid } = await pod.tasks.create(request(pod, { stdin: stdin.path, stdout: stdout.path }));
    assert.ok(runs(pid) || pid > 0);
    await pod.tasks.start({ id: pod.id, execId: "" });
    (await stdin.peer).stream.write(Buffer.from("through two pipes and a VM\n"));
    (await stdin.peer).stream.end();
    const wait = await pod.tasks.wait({ id: pod.id, execId: "" });
    assert.equal(wait.exitStatus, 0);
    await (await stdout.peer).seen("end");
    assert.equal((await stdout.peer).text(), "through two pipes and a VM\n");
    await finish(pod);
    assert.deepEqual(containerd.events.splice(0), ["create", "start", "exit lcow 0", "delete"]);
    assert.deepEqual(podsLeft(), []);
  });

  it("gives a container its layers as devices of the VM, and takes them back", async () => {
    const pod = makePod("layers");
    const { id } = pod;
    await pod.start(["echo", "layered"], containerd);
    const stdout = await makePipe();
    const { mount, layers, scratch } = pod.lcowLayer(2);
    await pod.tasks.create({ ...request(pod, { stdout: stdout.path }), rootfs: [mount] });
    const added = pod.modifications("Add");
    for (const path of [...layers, scratch]) assert.ok(added.includes(path), `${path} is not in the VM`);
    const asked = pod.guest?.host.called("modifyGuest").map(([what]) => what as ModifyRequest) ?? [];
    const overlay = asked.find(({ resourceType }) => resourceType === "CombinedLayers");
    assert.match(JSON.stringify(overlay?.settings), /"Layers":\[\{[^{]*\},\{[^{]*\}\]/);
    await pod.tasks.start({ id, execId: "" });
    assert.equal((await pod.tasks.wait({ id, execId: "" })).exitStatus, 0);
    await (await stdout.peer).seen("end");
    assert.equal((await stdout.peer).text(), "layered\n");
    await finish(pod);
    assert.equal(pod.modifications("Remove").length, added.length);
    assert.deepEqual(containerd.events.splice(0), ["create", "start", "exit layers 0", "delete"]);
  });

  it("executes in a container beside its init, and tells each exit before the init's", async () => {
    const pod = makePod("exec");
    const { id } = pod;
    await pod.start(["sleep"], containerd);
    const stdout = await makePipe();
    await pod.tasks.create(request(pod));
    await pod.tasks.start({ id, execId: "" });
    const spec = {
      typeUrl: "types.containerd.io/opencontainers/runtime-spec/1/Process",
      value: Buffer.from(JSON.stringify({ args: ["echo", "hello"], cwd: "/" })),
    };
    const io = { terminal: false, stdin: "", stdout: stdout.path, stderr: "" };
    await pod.tasks.exec({ id, execId: "said", spec, ...io });
    await pod.tasks.start({ id, execId: "said" });
    assert.equal((await pod.tasks.wait({ id, execId: "said" })).exitStatus, 0);
    await (await stdout.peer).seen("end");
    assert.equal((await stdout.peer).text(), "hello\n");
    await pod.tasks.exec({
      id,
      execId: "left",
      spec: {
        typeUrl: "types.containerd.io/opencontainers/runtime-spec/1/Process",
        value: Buffer.from('{"args":["sleep"]}'),
      },
      ...io,
      stdout: "",
    });
    await pod.tasks.start({ id, execId: "left" });
    await pod.tasks.kill({ id, execId: "left", signal: 15, all: false });
    assert.equal((await pod.tasks.wait({ id, execId: "left" })).exitStatus, 143);
    await pod.tasks.kill({ id, execId: "", signal: 9, all: true });
    assert.equal((await pod.tasks.wait({ id, execId: "" })).exitStatus, 137);
    await finish(pod);
    const execs = ["exec-added", "exec-started", "exit said 0", "exec-added", "exec-started", "exit left 143"];
    assert.deepEqual(containerd.events.splice(0), ["create", "start", ...execs, "exit exec 137", "delete"]);
  });

  it("is kept by a sandbox, whose members share its VM, and can be looked into", async () => {
    const pod = makePod("sandbox");
    await pod.start(["sleep"], containerd);
    const sandbox = pod.service(Sandbox);
    const sandboxId = pod.id;
    const rest = { rootfs: [], netnsPath: "", annotations: new Map<string, string>() };
    await sandbox.createSandbox({ sandboxId, bundlePath: pod.bundle, ...rest });
    await sandbox.startSandbox({ sandboxId });
    assert.equal((await sandbox.platform({ sandboxId })).platform?.os, "linux");
    for (const id of ["member-1", "member-2"]) {
      await pod.tasks.create({ ...request(pod), id });
      await pod.tasks.start({ id, execId: "" });
    }
    const diag = pod.service(ShimDiag);
    assert.equal((await diag.diagPid({})).pid, pod.pid);
    assert.match((await diag.diagStacks({})).guestStacks, /stacks/);
    assert.deepEqual((await diag.diagTasks({ execs: false })).tasks.map(({ id }) => id).sort(), [
      "member-1",
      "member-2",
    ]);
    assert.equal(pod.log().filter(({ call }) => call === "HcsStartComputeSystem").length, 1);
    await sandbox.stopSandbox({ sandboxId, timeoutSecs: 5 });
    await sandbox.waitSandbox({ sandboxId });
    await sandbox.shutdownSandbox({ sandboxId });
    await pod.leave();
    await until("the daemon's end", () => !runs(pod.pid));
    assertClean(pod);
    for (const id of ["member-1", "member-2"]) assert.ok(containerd.events.includes(`exit ${id} 137`), id);
  });

  it("is alone in its VM: another pod runs on when one ends", async () => {
    const [a, b] = [makePod("a"), makePod("b")];
    await Promise.all([a, b].map((pod) => pod.start(["sleep"], containerd)));
    assert.notEqual(a.pid, b.pid);
    await Promise.all([a, b].map((pod) => pod.tasks.create(request(pod))));
    await Promise.all([a, b].map((pod) => pod.tasks.start({ id: pod.id, execId: "" })));
    await a.tasks.kill({ id: "a", execId: "", signal: 9, all: false });
    await a.tasks.wait({ id: "a", execId: "" });
    await finish(a);
    assert.equal((await b.tasks.state({ id: "b", execId: "" })).status, Status.RUNNING);
    await b.tasks.kill({ id: "b", execId: "", signal: 9, all: false });
    await b.tasks.wait({ id: "b", execId: "" });
    await finish(b);
    assert.deepEqual(podsLeft(), []);
  });

  it("whose daemon is killed while a task runs is cleaned up by delete", async () => {
    const pod = makePod("lost");
    await pod.start(["sleep"], containerd);
    await pod.tasks.create(request(pod));
    await pod.tasks.start({ id: pod.id, execId: "" });
    process.kill(pod.pid, "SIGKILL");
    await until("the daemon's end", () => !runs(pod.pid));
    await pod.leave();
    const { code, stdout, stderr } = await runShim("delete", pod.id);
    assert.deepEqual([code, stderr, DeleteResponse.decode(stdout).exitStatus], [0, "", 137]);
    assert.deepEqual(podsLeft(), []);
    // HCS ends a VM with its last handle, and its document says so.
    const created = pod.log().find(({ call }) => call === "HcsCreateComputeSystem");
    assert.equal(JSON.parse(created?.document ?? "{}").ShouldTerminateOnLastHandleClosed, true);
    await assert.rejects(runtime.connect(pod.address), { code: "ENOENT" });
  });

  it("tells a task's end when its VM ends under it", async () => {
    const pod = makePod("crash");
    await pod.start(["sleep"], containerd);
    await pod.tasks.create(request(pod));
    await pod.tasks.start({ id: pod.id, execId: "" });
    // The guest service dies: nobody can drive that VM any more.
    await pod.dropGuest();
    assert.equal((await pod.tasks.wait({ id: pod.id, execId: "" })).exitStatus, 255);
    await finish(pod);
    assert.deepEqual(containerd.events.splice(0), ["create", "start", "exit crash 255", "delete"]);
  });
});
