/** Boots the image of out/uvm in a bare QEMU, under emulation, and prints the stages. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { BRIDGE_PORT } from "../../src/prot/protocol.ts";
import { BridgePeer } from "../harness/bridge-peer.ts";
import { until } from "../harness/until.ts";
import { GuestShell } from "./guest-shell.ts";
import { BootedUvm, notBootable } from "./uvm.ts";

const FORCED_SHUTDOWN = 0x1010_0401;
const NULL_ID = "00000000-0000-0000-0000-000000000000";

describe("the image of the utility VM", { skip: notBootable() ?? false, timeout: 1_800_000 }, () => {
  let uvm: BootedUvm;
  let peer: BridgePeer;
  let shell: GuestShell;
  const reached: Record<string, number> = {};

  before(async () => {
    uvm = new BootedUvm();
    const listener = uvm.mux.sockets.listen(BRIDGE_PORT);
    // A VM that ends before it answers fails the test at once.
    await Promise.race([uvm.mux.established, uvm.exited.then(() => assert.fail(uvm.transcript()))]);
    reached.handshake = uvm.elapsed();
    peer = new BridgePeer(await listener.accept());
    assert.equal((await peer.negotiate()).body.Result, 0);
    reached.negotiated = uvm.elapsed();
    shell = new GuestShell(peer, uvm.mux.sockets);
  });
  after(() => uvm.dispose());

  it("boots to a first process of ours that runs programs and containers, reaps, and powers off", async (t) => {
    // What the first process says goes through the serial port's own queue; the handshake does not.
    await until("the first process's word", () => uvm.at("machine prepared"));
    const stages: readonly (readonly [string, number | undefined])[] = [
      ["kernel, to the first line of /init", uvm.at("uvm: initramfs")],
      ["modules", uvm.at("uvm: modules")],
      ["root file system", uvm.at("uvm: root")],
      ["first process, machine prepared", uvm.at("machine prepared")],
      ["guest channel, handshake", reached.handshake],
      ["bridge, protocol negotiated", reached.negotiated],
    ];
    for (const [stage, at] of stages) t.diagnostic(`${(at ?? Number.NaN).toFixed(0).padStart(6)} ms  ${stage}`);
    for (const [stage, at] of stages) assert.ok(at !== undefined, stage);

    assert.deepEqual(await shell.run("tr '\\0' ' ' </proc/1/cmdline; exit 11"), {
      code: 11,
      output: "/usr/bin/gcs -pid1 ",
    });

    const mounts = (await shell.run("cat /proc/mounts")).output;
    for (const [type, target] of [
      ...[
        ["erofs", "/"],
        ["proc", "/proc"],
        ["sysfs", "/sys"],
        ["devtmpfs", "/dev"],
        ["devpts", "/dev/pts"],
      ],
      ...[
        ["tmpfs", "/dev/shm"],
        ["tmpfs", "/run"],
        ["tmpfs", "/tmp"],
        ["cgroup2", "/sys/fs/cgroup"],
      ],
    ]) {
      assert.match(mounts, new RegExp(`^\\S+ ${target} ${type} `, "m"));
    }
    assert.match((await shell.run("ip addr show dev lo")).output, /LOOPBACK,UP[\s\S]*127\.0\.0\.1/);
    assert.equal((await shell.run("cat /dev/virtio-ports/gcs >/dev/null")).code, 1, "the port is ours alone");
    assert.equal((await shell.run("touch /x")).code, 1, "the root is read-only");

    // The parent is gone before the child: without a reaper this has no end.
    const orphan = "p=$(sleep 0.1 >/dev/null & echo $!); while [ -e /proc/$p ]; do sleep 0.02; done";
    assert.equal((await shell.run(orphan)).code, 0);

    // By the kernel, through /sbin/modprobe, from modules.alias.
    const overlay =
      "mkdir -p /tmp/l /tmp/m && mount -t overlay -o lowerdir=/usr/lib/uvm:/tmp/l none /tmp/m && ls /tmp/m";
    assert.deepEqual(await shell.run(overlay), { code: 0, output: "early-modules\n" });
    const ext4 = "dd if=/dev/zero of=/tmp/d bs=1M count=16 && mkfs.ext4 -q -F /tmp/d && mkdir /tmp/x";
    assert.equal((await shell.run(`{ ${ext4} && mount -o loop /tmp/d /tmp/x; } 2>&1`)).code, 0);
    // By path: busybox's shell takes its own applets before PATH. nsenter is one, ip is Debian's.
    const enter = "nsenter --net=/proc/1/ns/net /usr/sbin/ip -Version";
    assert.match((await shell.run(enter)).output, /iproute2-/);

    const bundle =
      "mkdir -p rootfs/bin rootfs/proc rootfs/sys rootfs/dev && cp /bin/busybox rootfs/bin/sh && runc spec";
    const edit = `sed -i 's/"terminal": true/"terminal": false/; s/"sh"/"sh", "-c", "echo in $$; exit 7"/' config.json`;
    assert.deepEqual(await shell.run(`mkdir /tmp/c && cd /tmp/c && ${bundle} && ${edit} && runc run c`), {
      code: 7,
      output: "in 1\n",
    });

    assert.equal((await peer.request(FORCED_SHUTDOWN, 900n, { ContainerId: NULL_ID })).body.Result, 0);
    assert.equal(await uvm.exited, 0);
  });
});
