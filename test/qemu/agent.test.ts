/** The guest's agent in a VM, over the guest channel (docs/guest-agent.md). */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { readAll } from "../../src/gcs/stdio/read-all.ts";
import { TaskStart } from "../../src/generated/containerd/events.ts";
import { CreateTaskRequest } from "../../src/generated/containerd/task/v2.ts";
import { Task } from "../../src/generated/containerd/task/v3.ts";
import { Bundle } from "../../src/generated/containerd/vminitd/services/bundle/v1.ts";
import { Mount } from "../../src/generated/containerd/vminitd/services/mount/v1.ts";
import { System } from "../../src/generated/containerd/vminitd/services/system/v1.ts";
import { SocketForward } from "../../src/generated/nerdbox/services/socketforward/v1.ts";
import { Events } from "../../src/generated/nerdbox/services/vmevents/v1.ts";
import { Machine, Streams } from "../../src/generated/uvmshim/agent/v1.ts";
import type { ByteStream } from "../../src/sys/byte-stream.ts";
import { nameStream } from "../../src/transport/agent/greeting.ts";
import { AGENT_KERNEL_ARGUMENT, AGENT_PORT, AGENT_STREAM_PORT } from "../../src/transport/agent/ports.ts";
import type { GuestListener } from "../../src/transport/sockets.ts";
import { Client } from "../../src/ttrpc/client.ts";
import { Metadata } from "../../src/ttrpc/metadata.ts";
import { BootedUvm, notBootable } from "./uvm.ts";

const KERNEL = "console=ttyS0 quiet panic=-1 reboot=t swiotlb=512 memhp_default_state=online_movable";
const STATIC = "02:00:00:00:00:01";
const LEASED = "02:00:00:00:00:02";
const NETWORKS = `-network=mac=${STATIC},addr=192.168.127.2/24,addr=fd77::2/64 -network=mac=${LEASED},dhcp=true`;

/** A container on the guest's own root file system. */
function specOf(script: string): object {
  return {
    ociVersion: "1.0.2",
    process: { cwd: "/", args: ["sh", "-c", script], env: ["PATH=/usr/bin"], user: { uid: 0, gid: 0 } },
    root: { path: "rootfs", readonly: true },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", type: "tmpfs", source: "tmpfs" },
    ],
    linux: { cgroupsPath: "/agent/test", namespaces: [{ type: "pid" }, { type: "mount" }] },
  };
}

describe("the agent of a VM's guest", { skip: notBootable() ?? false, timeout: 1_800_000 }, () => {
  let uvm: BootedUvm;
  let client: Client;
  let streams: GuestListener;
  let count = 0;

  before(async () => {
    uvm = new BootedUvm("out/uvm", [
      ...["-append", `${KERNEL} ${AGENT_KERNEL_ARGUMENT} -- -debug ${NETWORKS}`],
      ...["-netdev", "hubport,id=n1,hubid=1", "-device", `virtio-net-pci,netdev=n1,addr=0xa,romfile=,mac=${STATIC}`],
      ...[
        "-netdev",
        "user,id=n2,restrict=on,net=10.9.8.0/24",
        "-device",
        `virtio-net-pci,netdev=n2,addr=0xb,romfile=,mac=${LEASED}`,
      ],
      ...["-drive", "if=none,id=d1,driver=null-co,size=1048576,read-zeroes=on"],
      ...["-device", "virtio-blk-pci,drive=d1,addr=0x9,serial=data-1"],
    ]);
    const agents = uvm.mux.sockets.listen(AGENT_PORT);
    streams = uvm.mux.sockets.listen(AGENT_STREAM_PORT);
    const connection = await Promise.race([agents.accept(), uvm.exited.then(() => assert.fail(uvm.transcript()))]);
    client = new Client(connection);
  });
  after(async () => {
    client?.close();
    await uvm?.dispose();
  });

  const stream = async (id: string): Promise<ByteStream> => nameStream(await streams.accept(), id);

  /** A shell line in the guest: its exit status, and what it wrote on stdout. */
  async function run(line: string): Promise<{ status: number; output: string }> {
    const id = `run-${++count}`;
    const output = await stream(id);
    const text = readAll(output, 1 << 20);
    const ran = client.service(Machine).run({ args: ["sh", "-c", line], stdin: "", stdout: id, stderr: "" });
    const { exitStatus } = await ran;
    output.end();
    return { status: exitStatus, output: await text };
  }

  it("tells of its version and kernel, and runs programs as its first process", async () => {
    const { version, kernelVersion } = await client.service(System).info({});
    assert.match(version, /^\d+\.\d+\.\d+/);
    assert.match(kernelVersion, /^Linux version \d+\./);
    assert.deepEqual(await run("echo $PPID; exit 3"), { status: 3, output: "1\n" });
  });

  it("has the addresses that it was told, a lease, a default route and name servers", async () => {
    const { output } = await run("ip -o addr show");
    assert.match(output, /inet 192\.168\.127\.2\/24/);
    assert.match(output, /inet6 fd77::2\/64/);
    assert.match(output, /inet 10\.9\.8\.15\/24/);
    assert.match((await run("ip route show default")).output, /^default via 192\.168\.127\.1 /);
    assert.match((await run("cat /etc/resolv.conf")).output, /^nameserver 192\.168\.127\.1\n/);
  });

  it("mounts, unmounts and makes bundles", async () => {
    const { mountAll, unmount, unmountAll } = client.service(Mount);
    await mountAll({
      mounts: [
        { type: "tmpfs", source: "tmpfs", target: "/run/lower", options: [] },
        { type: "tmpfs", source: "tmpfs", target: "/run/upper", options: ["size=1m", "noexec"] },
      ],
    });
    await run("echo low >/run/lower/file; mkdir /run/upper/u /run/upper/w");
    const options = ["lowerdir=/run/lower", "upperdir=/run/upper/u", "workdir=/run/upper/w"];
    await mountAll({ mounts: [{ type: "overlay", source: "overlay", target: "/run/merged", options }] });
    assert.equal((await run("cat /run/merged/file; grep -c ' /run/[lum]' /proc/mounts")).output, "low\n3\n");
    await assert.rejects(unmount({ target: "/run/other" }), /nothing was mounted/);
    await assert.rejects(
      mountAll({ mounts: [{ type: "ext4", source: "/dev/none", target: "/run/none", options: [] }] }),
      /ext4 mount of "\/dev\/none" on "\/run\/none" failed/,
    );
    await unmountAll({});
    assert.equal((await run("grep -c ' /run/[lum]' /proc/mounts")).output, "0\n");
    const { bundle } = await client
      .service(Bundle)
      .create({ id: "c1", files: new Map([["config.json", Buffer.from("{}")]]) });
    assert.equal((await run(`ls ${bundle}; cat ${bundle}/config.json`)).output, "config.json\nrootfs\n{}");
    assert.equal((await run("readlink /dev/disk/by-id/virtio-data-1 || ls -l /dev/disk/by-id")).output, "../../vdb\n");
  });

  it("carries 4 MiB by one stream and back, while others begin and end beside it", async () => {
    const sent = Buffer.alloc(4 << 20);
    for (let at = 0; at < sent.length; at += 4) sent.writeUInt32LE(at, at);
    const big = await stream("big");
    const echoed = client.service(Streams).echo({ streamId: "big" });
    const hash = createHash("sha256");
    let bytes = 0;
    const back = new Promise<void>((resolve, reject) => {
      let at = 0;
      const pump = (): void => {
        while (at < sent.length) {
          const chunk = sent.subarray(at, at + 65_536);
          at += chunk.length;
          if (!big.write(Buffer.from(chunk))) return;
        }
        big.end();
      };
      big.open({
        data(chunk) {
          hash.update(chunk);
          bytes += chunk.length;
        },
        end: resolve,
        drain: pump,
        close: (error) => error !== undefined && reject(error),
      });
      pump();
    });
    for (const text of ["one", "two", "three"]) assert.equal((await run(`echo ${text}`)).output, `${text}\n`);
    await back;
    assert.equal(bytes, sent.length);
    assert.equal(hash.digest("hex"), createHash("sha256").update(sent).digest("hex"));
    assert.equal((await echoed).bytes, BigInt(sent.length));
  });

  it("forwards a socket of the guest to the host", async () => {
    const { bind, accept } = client.service(SocketForward);
    await bind({ sockets: [{ forwardId: "f1", socketPath: "/run/socketfwd/f1.sock" }] });
    const requests = accept();
    // Nothing in the image connects to unix sockets but the agent itself.
    const inside = await stream("inside");
    await client.service(Streams).connect({ streamId: "inside", socketPath: "/run/socketfwd/f1.sock" });
    const request = await requests.receive();
    assert.equal(request?.forwardId, "f1");
    const streamId = request?.streamId ?? "";
    const outside = await stream(streamId);
    await requests.send({ streamId, error: "" });
    inside.write(Buffer.from("ping"));
    inside.end();
    assert.equal(await readAll(outside, 100), "ping");
    outside.write(Buffer.from("pong"));
    outside.end();
    assert.equal(await readAll(inside, 100), "pong");
    requests.closeSend();
  });

  it("runs a container, its stdio on streams, and tells of it in events", async () => {
    const task = client.service(Task);
    const metadata = new Metadata({ "containerd-namespace-ttrpc": "ns1" });
    const events = client.service(Events).stream({});
    const id = "t1";
    const files = new Map([["config.json", Buffer.from(JSON.stringify(specOf(`cat; echo ${id} >&2; exit 5`)))]]);
    const { bundle } = await client.service(Bundle).create({ id, files });
    const rootfs = [{ type: "bind", source: "/", target: "", options: ["bind", "ro"] }];
    const stdio = { stdin: `stream://${id}-in`, stdout: `stream://${id}-out`, stderr: `stream://${id}-err` };
    await assert.rejects(task.create(CreateTaskRequest.create({ id, bundle, rootfs, ...stdio })), /not waiting here/);
    const [stdin, stdout, stderr] = await Promise.all(["in", "out", "err"].map((name) => stream(`${id}-${name}`)));
    assert.ok(stdin !== undefined && stdout !== undefined && stderr !== undefined);
    const { pid } = await task.create(CreateTaskRequest.create({ id, bundle, rootfs, ...stdio }), { metadata });
    await task.start({ id, execId: "" });
    stdin.write(Buffer.from("through a container"));
    stdin.end();
    assert.equal(await readAll(stdout, 100), "through a container");
    assert.equal(await readAll(stderr, 100), `${id}\n`);
    assert.equal((await task.wait({ id, execId: "" })).exitStatus, 5);
    assert.equal((await task.delete({ id, execId: "" })).exitStatus, 5);
    const told: string[] = [];
    while (told.length < 4) {
      const { namespace, topic, event } = (await events.receive()) ?? assert.fail("the events ended");
      told.push(`${namespace} ${topic}`);
      if (topic !== "/tasks/start") continue;
      assert.equal(event?.typeUrl, "containerd.events.TaskStart");
      assert.deepEqual(TaskStart.decode(event.value), { containerId: id, pid });
    }
    assert.deepEqual(
      told,
      ["create", "start", "exit", "delete"].map((topic) => `ns1 /tasks/${topic}`),
    );
    for (const end of [stdin, stdout, stderr]) end.end();
  });

  it("turns the VM off when it is asked", async () => {
    await client
      .service(Machine)
      .powerOff({})
      .catch(() => undefined);
    assert.equal(await uvm.exited, 0, uvm.transcript());
  });
});
