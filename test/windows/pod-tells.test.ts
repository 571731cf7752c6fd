import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Statistics } from "../../src/generated/containerd/runhcs/stats/v1.ts";
import { Recorder } from "../../src/sys/stream-recorder.ts";
import { until } from "../harness/until.ts";
import { rigGuestSockets } from "./guest-sockets.ts";
import { Containerd, WindowsPod } from "./pod.ts";
import { runs } from "./shim.ts";

const ID = "tells";
const containerd = new Containerd();
let pod: WindowsPod;

before(async () => {
  await containerd.open();
  pod = new WindowsPod(ID);
  await pod.start(["sleep", "1000"], containerd);
  const io = { terminal: false, stdin: "", stdout: "", stderr: "" };
  const request = { id: ID, bundle: pod.bundle, rootfs: [], ...io, checkpoint: "", parentCheckpoint: "" };
  await pod.tasks.create({ ...request, options: undefined });
  await pod.tasks.start({ id: ID, execId: "" });
});

after(async () => {
  const { pid } = pod;
  try {
    await pod.tasks.kill({ id: ID, execId: "", signal: 9, all: false });
    await pod.tasks.wait({ id: ID, execId: "" });
    await pod.tasks.delete({ id: ID, execId: "" });
    await pod.tasks.shutdown({ id: ID, now: false });
    await pod.leave();
    await until("the daemon's end", () => !runs(pid));
  } finally {
    await pod.abandon();
    containerd.close();
  }
});

/** Another connection of the guest's, on a port of its host. */
async function dial(port: number): Promise<Recorder> {
  const directory = join(pod.bundle, "..", `${ID}.sockets`);
  const [name = ""] = readdirSync(directory);
  const connection = await rigGuestSockets(directory, name.split("_")[0] ?? "").dial(port);
  assert.ok(connection.kind === "stream");
  return new Recorder(connection.stream);
}

describe("a pod on Windows tells", () => {
  it("hcsshim's Statistics: of the container's cgroup, and of the VM", async () => {
    const { guest } = pod;
    assert.ok(guest);
    guest.host.script.statistics = async () => ({ v1: { pids: { current: 7 } } });
    const { stats } = await pod.tasks.stats({ id: ID });
    assert.equal(stats?.typeUrl, "containerd.runhcs.stats.v1.Statistics");
    const { linux, vm } = Statistics.decode(stats.value);
    assert.equal(linux?.pids?.current, 7n);
    assert.ok((vm?.memory?.workingSetBytes ?? 0n) > 0n);
    assert.equal(vm?.memory?.workingSetBytes, (vm?.memory?.vmMemory?.assignedMemory ?? 0n) * 4096n);
  });

  it("its guest's log in its own, and gives its guest's kernel random bytes", async () => {
    const log = await dial(109);
    log.stream.write(Buffer.from('{"level":"error","msg":"the guest says so","cid":"c7"}\n'));
    await until("the guest's entry", () => pod.daemonLog().includes('msg="the guest says so"'));
    assert.match(pod.daemonLog(), /level=error msg="the guest says so" .*vm\.cid=c7/);
    log.stream.destroy();
    const entropy = await dial(1);
    await entropy.seen("end");
    assert.equal(entropy.bytes, 512);
    entropy.stream.end();
  });
});
