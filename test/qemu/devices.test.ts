/** What the QEMU stack plugs into a running VM, seen from inside it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { type ErrorKind, isKind } from "../../src/errors/shim-error.ts";
import { close, open as libcOpen, read } from "../../src/sys/libc.ts";
import { bindUnixDatagram } from "../../src/sys/libc-socket.ts";
import { attachLoopDevice } from "../../src/sys/loop-device.ts";
import { mount, unmount } from "../../src/sys/mount.ts";
import { mountsUnder } from "../../src/sys/mountinfo.ts";
import { openTap } from "../../src/sys/tap.ts";
import type { NetworkBackend } from "../../src/vmmanager/network.ts";
import { until } from "../harness/until.ts";
import { DeviceVm } from "./device-vm.ts";
import { listenForFrames } from "./frame-listener.ts";
import { notBootable } from "./uvm.ts";

const rejects = (call: Promise<unknown>, kind: ErrorKind, message: RegExp): Promise<void> =>
  assert.rejects(call, (error) =>
    isKind(error, kind) && message.test(String(error)) ? true : assert.fail(String(error)),
  );

const md5 = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");

describe("devices of a QEMU VM", { skip: notBootable() ?? false, timeout: 1_800_000 }, () => {
  let vm: DeviceVm;
  before(async () => {
    vm = await DeviceVm.boot();
  });
  after(() => vm?.dispose());

  /** The fds that QEMU has open on what `text` names. */
  const open = (text: string): string => {
    const fds = execFileSync("ls", ["-l", `/proc/${vm.host.pid}/fd`], { encoding: "utf8" });
    return fds
      .split("\n")
      .filter((line) => line.includes(text))
      .join("\n");
  };

  const wait = (condition: string): string =>
    `ok=; for i in $(seq 2000); do { ${condition}; } 2>/dev/null && ok=1 && break; sleep 0.05; done; [ $ok ]`;
  const disk = (controller: number, lun: number): string =>
    `/sys/bus/pci/devices/0000:00:0${4 + controller}.0/virtio*/host*/target*/*:0:0:${lun}/block`;

  it("disks: added, written, removed, added again, on a controller of the boot and on a new one", async () => {
    const image = vm.path("disk.img");
    const content = randomBytes(1 << 20);
    writeFileSync(image, content);
    for (const controller of [0, 2]) {
      for (const readOnly of [true, false]) {
        const where = { controller, lun: 9 };
        await vm.devices.addScsiDisk({ ...where, hostPath: image, readOnly });
        const name = await vm.run(`${wait(`[ -e ${disk(controller, 9)} ]`)}; cd /dev; ls ${disk(controller, 9)}`);
        assert.match(name, /^sd[a-z]$/);
        assert.equal(await vm.run(`cat /sys/block/${name}/ro`), readOnly ? "1" : "0");
        assert.equal((await vm.run(`md5sum /dev/${name}`)).split(" ")[0], md5(readFileSync(image)));
        const write = await vm.shell.run(`echo written-${controller} | dd of=/dev/${name} conv=fsync`);
        assert.equal(write.code === 0, !readOnly);
        await rejects(
          vm.devices.addScsiDisk({ ...where, hostPath: image, readOnly }),
          "already-exists",
          /LUN 9 is taken/,
        );
        await vm.devices.removeScsiDisk(where);
        await rejects(vm.devices.removeScsiDisk(where), "not-found", /holds no disk/);
        await vm.run(wait(`! [ -e /sys/block/${name} ]`));
      }
      assert.match(readFileSync(image, "latin1"), new RegExp(`^written-${controller}\n`));
    }
    assert.equal(open("disk.img"), "");
    assert.deepEqual(
      (await vm.host.monitor.qmp.execute("query-fdsets")).map(({ id }) => id),
      [0],
    );
  });

  it("disks: what can't be one is refused, and nothing of the attempt stays", async () => {
    const image = vm.path("frozen.img");
    writeFileSync(image, "x".repeat(4096), { mode: 0o444 });
    mkdirSync(vm.path("folder"));
    const add = (hostPath: string, readOnly: boolean, lun = 5) =>
      vm.devices.addScsiDisk({ controller: 0, lun, hostPath, readOnly });
    await rejects(add(vm.path("none"), true), "not-found", /none does not exist/);
    await rejects(add(image, false), "failed-precondition", /read-only; cannot attach it to a VM as writable/);
    for (const readOnly of [true, false])
      await rejects(add(vm.path("folder"), readOnly), "invalid-argument", /neither/);
    await rejects(add(image, true, 64), "invalid-argument", /LUN 64 does not exist/);
    // In the middle: the node is there, QEMU refuses the device.
    const { qmp } = vm.host.monitor;
    const other = { driver: "scsi-hd", id: "disk-0-5", bus: "scsi0.0", "scsi-id": 0, lun: 6, drive: "other" };
    await qmp.execute("blockdev-add", { driver: "null-co", "node-name": "other", size: 1 << 20 });
    await qmp.execute("device_add", other);
    await rejects(add(image, true), "already-exists", /Duplicate device ID/);
    await add(image, true);
    const device = attachLoopDevice(image, { readOnly: true });
    try {
      await add(device.path, true, 7);
      await vm.devices.removeScsiDisk({ controller: 0, lun: 7 });
    } finally {
      device.close();
    }
    await vm.devices.removeScsiDisk({ controller: 0, lun: 5 });
    await qmp.execute("blockdev-del", { "node-name": "other" });
    assert.equal(open("frozen.img"), "");
    assert.deepEqual(vm.devices.hardware.disks, []);
  });

  /** In the guest: all shares let go of, as the gcs does it. */
  const release =
    "for m in $(grep -o '/run/[a-z]* virtiofs\\|/run/s/[^ ]* virtiofs' /proc/mounts | cut -d' ' -f1 | grep -v '^/run/s$'); do umount -l $m; done; echo 2 >/proc/sys/vm/drop_caches";

  it("shares: directories and single files, read-only or not, each as it was when it was added", async () => {
    const folder = vm.path("folder");
    mkdirSync(`${folder}/sub`);
    mount("none", `${folder}/sub`, "tmpfs", 0, "");
    try {
      writeFileSync(`${folder}/a`, "of the host");
      writeFileSync(`${folder}/secret`, "not shared");
      symlinkSync(folder, vm.path("link"));
      await vm.devices.addPlan9Share({ name: "rw", hostPath: vm.path("link"), readOnly: false });
      await vm.run(`mkdir -p /run/s /run/rw /run/ro; touch /run/file; ${wait("mount -t virtiofs uvm /run/s")}`);
      // From here on virtiofsd is there: these reach its namespace through the shared mount.
      await vm.devices.addPlan9Share({ name: "ro", hostPath: folder, readOnly: true });
      await vm.devices.addPlan9Share({ name: "file", hostPath: `${folder}/a`, readOnly: true });
      assert.deepEqual((await vm.run("ls /run/s")).split("\n"), ["file", "ro", "rw"]);
      await vm.run("for n in rw ro file; do mount -o bind /run/s/$n /run/$n; done");
      assert.equal(await vm.run("cat /run/file /run/rw/a /run/ro/a"), "of the host".repeat(3));
      await vm.run("echo of the guest >/run/rw/b; echo deep >/run/rw/sub/c");
      assert.equal(readFileSync(`${folder}/b`, "utf8"), "of the guest\n");
      assert.equal(readFileSync(`${folder}/sub/c`, "utf8"), "deep\n");
      assert.equal(await vm.run("cat /run/ro/sub/c"), "deep");
      for (const path of ["ro/x", "ro/sub/x", "ro/a", "file", "s/x", "s/ro/y", "s/file"]) {
        const { code, output } = await vm.shell.run(`{ echo x >>/run/${path}; } 2>&1`);
        assert.ok(code !== 0 && /Read-only file system/.test(output), `${path}: ${output}`);
      }
      assert.equal((await vm.shell.run("ls /run/s/secret /run/s/file/../secret 2>/dev/null")).code, 1);
      assert.equal((await vm.shell.run("mknod /run/rw/dev c 1 3 2>/dev/null")).code, 1);
      await rejects(
        vm.devices.addPlan9Share({ name: "rw", hostPath: folder, readOnly: true }),
        "already-exists",
        /share rw exists/,
      );
      // What comes later below the source stays the host's.
      mount("none", `${folder}/sub`, "tmpfs", 0, "");
      assert.equal(await vm.run("cat /run/rw/sub/c"), "deep");
      unmount(`${folder}/sub`);

      await vm.run(release);
      for (const name of ["rw", "ro", "file"]) await vm.devices.removePlan9Share(name);
      assert.deepEqual(vm.logged, []);
      assert.deepEqual(mountsUnder(vm.path("shared")), [vm.path("shared")]);
      assert.equal(await vm.run("ls /run/s"), "");
      await rejects(vm.devices.removePlan9Share("rw"), "not-found", /share rw does not exist/);
      assert.ok(existsSync(`${folder}/a`));
    } finally {
      unmount(`${folder}/sub`);
    }
  });

  it("shares: the same name again is another thing at once; one in use goes out of sight; what can't be shared is refused", async () => {
    for (const text of ["one", "two"]) {
      mkdirSync(vm.path(text));
      writeFileSync(vm.path(`${text}/text`), text);
      await vm.devices.addPlan9Share({ name: "again", hostPath: vm.path(text), readOnly: true });
      assert.equal(await vm.run("cat /run/s/again/text"), text);
      if (text === "one") await vm.run(release);
      await vm.devices.removePlan9Share("again");
    }
    assert.match(vm.logged.join(""), /the guest still uses a share that was removed.*share=again/);
    assert.equal(await vm.run("ls /run/s"), "");
    await vm.run(release);

    const add = (name: string, hostPath: string) => vm.devices.addPlan9Share({ name, hostPath, readOnly: false });
    for (const name of ["", ".", "..", "a/b", "../x", "a\0b", "x".repeat(256)]) {
      await rejects(add(name, vm.directory), "invalid-argument", /no name for a file/);
      await rejects(vm.devices.removePlan9Share(name), "invalid-argument", /no name for a file/);
    }
    await rejects(add("n", vm.path("none")), "not-found", /none does not exist/);
    await rejects(add("n", "/dev/null"), "invalid-argument", /neither a directory nor a file/);
    assert.deepEqual(readdirSync(vm.path("share-points")), []);
  });

  const nic = (mac: string): string => `grep -l ${mac} /sys/class/net/*/address | cut -d/ -f5`;

  it("adapters: on a tap, a stream socket and a datagram socket, added, used, removed, added again", async () => {
    const macAddress = "02:75:76:6d:00:01";
    const frames = await listenForFrames(vm.path("stream.sock"));
    const datagrams = bindUnixDatagram(vm.path("remote.sock"));
    try {
      for (const kind of ["unix-stream", "unix-datagram", "tap", "unix-stream"] as const) {
        const backend: NetworkBackend =
          kind === "tap"
            ? { kind, fd: openTap("uvmdevtest0") }
            : kind === "unix-stream"
              ? { kind, path: vm.path("stream.sock") }
              : { kind, localPath: vm.path("local.sock"), remotePath: vm.path("remote.sock") };
        await vm.devices.addNetworkAdapter({ id: "eth0", macAddress, backend });
        const name = await vm.run(`${wait(`[ $(${nic(macAddress)}) ]`)}; ${nic(macAddress)}`);
        await vm.run(`ip addr add 10.231.77.2/24 dev ${name}; ip link set ${name} up`);
        if (kind === "tap") {
          execFileSync("ip", ["addr", "add", "10.231.77.1/24", "dev", "uvmdevtest0"]);
          execFileSync("ip", ["link", "set", "uvmdevtest0", "up"]);
          await vm.run("busybox ping -c 1 10.231.77.1");
        } else {
          await vm.shell.run("busybox arping -c 1 -w 1 10.231.77.1");
          const frame = kind === "unix-stream" ? await frames.next() : await nextDatagram(datagrams);
          assert.equal(Buffer.from(frame.subarray(6, 12)).toString("hex"), macAddress.replaceAll(":", ""));
        }
        await rejects(
          vm.devices.addNetworkAdapter({
            id: "eth0",
            macAddress,
            backend: { kind: "tap", fd: openTap("uvmdevtest1") },
          }),
          "already-exists",
          /adapter eth0 exists/,
        );
        await vm.devices.removeNetworkAdapter("eth0");
        await rejects(vm.devices.removeNetworkAdapter("eth0"), "not-found", /eth0 does not exist/);
        assert.equal(await vm.run(nic(macAddress)), "");
      }
      assert.ok(!existsSync(vm.path("local.sock")));
      assert.ok(!existsSync("/sys/class/net/uvmdevtest0"), "the tap is gone with its fd");
      const add = (backend: NetworkBackend, mac = macAddress, id = "eth1") =>
        vm.devices.addNetworkAdapter({ id, macAddress: mac, backend });
      await rejects(add({ kind: "unix-stream", path: vm.path("none") }), "not-found", /nobody carries the frames/);
      const one = { kind: "unix-datagram", localPath: vm.path("l"), remotePath: vm.path("none") } as const;
      await rejects(add(one), "not-found", /nobody carries the frames/);
      assert.ok(!existsSync(vm.path("l")));
      await rejects(add(one, "01:00:00:00:00:01"), "invalid-argument", /use a unicast one/);
      await rejects(add(one, macAddress, "a,b"), "invalid-argument", /id "a,b"/);
      await rejects(add({ kind: "tap", fd: libcOpen("/dev/null", 0) }), "internal", /QEMU refused netdev_add/);
      assert.deepEqual(vm.devices.hardware.adapters, []);
    } finally {
      close(datagrams);
      frames.close();
    }
  });

  it("memory: up in blocks and down again, by a balloon below the boot size", async () => {
    const totalMiB = async (): Promise<number> =>
      Number(await vm.run("grep MemTotal /proc/meminfo | tr -dc 0-9")) / 1024;
    const booted = await totalMiB();
    await vm.run("modprobe -a virtio_mem virtio_balloon");
    for (const wanted of [512, 1024, 384, 200, 256, 640]) {
      await vm.devices.updateMemory(wanted);
      const got = await totalMiB();
      assert.ok(
        Math.abs(got - booted - (wanted - 256)) < 16,
        `${wanted} MiB asked for: ${got} after ${booted} with 256`,
      );
    }
    for (const wanted of [1025, 127]) {
      await rejects(vm.devices.updateMemory(wanted), "out-of-range", /made for 128 to 1024 MiB/);
    }
  });

  it("VPMem: an image of odd size that only root may read, rounded up and read-only, beside shares", async () => {
    const image = vm.path("image");
    const content = randomBytes(3 << 20);
    writeFileSync(image, content, { mode: 0o600 });
    await vm.run("modprobe -a nfit nd_pmem");
    const device = { deviceNumber: 0, hostPath: image, readOnly: true };
    await vm.devices.addVpmemDevice(device);
    await vm.run(wait("[ -b /dev/pmem0 ]"));
    const padded = Buffer.concat([content, Buffer.alloc(1 << 20)]);
    assert.equal((await vm.run("md5sum /dev/pmem0")).split(" ")[0], md5(padded));
    assert.equal(await vm.run("cat /sys/block/pmem0/ro"), "1");
    assert.equal((await vm.shell.run("echo x >/dev/pmem0")).code, 1);
    await vm.devices.addPlan9Share({ name: "late", hostPath: image, readOnly: true });
    assert.equal((await vm.run("md5sum /run/s/late")).split(" ")[0], md5(content));
    await rejects(vm.devices.addVpmemDevice(device), "already-exists", /VPMem device 0 is taken/);
    await rejects(vm.devices.removeVpmemDevice(0), "unimplemented", /does not support remove of vpmem/);
    const other = { ...device, deviceNumber: 1 };
    await rejects(vm.devices.addVpmemDevice({ ...other, readOnly: false }), "unimplemented", /can't be writable/);
    await rejects(vm.devices.addVpmemDevice({ ...other, hostPath: vm.path("none") }), "not-found", /does not exist/);
    assert.ok(!existsSync(vm.path("vpmem-0")));
  });

  it("processors: there from the start under emulation, where QEMU may die of one that comes later", async () => {
    assert.equal(await vm.run("nproc"), "1");
    await vm.devices.updateProcessors(4);
    await vm.run("for i in 1 2 3; do echo 1 >/sys/devices/system/cpu/cpu$i/online; done");
    assert.equal(await vm.run("nproc"), "4");
    await vm.devices.updateProcessors(1);
    await rejects(vm.devices.updateProcessors(5), "out-of-range", /made for 4 at most/);
    await rejects(vm.devices.updateProcessors(0), "invalid-argument", /use 1 or more/);
  });

  it("shares: the death of virtiofsd is told, and costs neither QEMU nor the host anything", async () => {
    const record: unknown = JSON.parse(readFileSync(vm.path("vm-processes.json"), "utf8"));
    assert.ok(Array.isArray(record));
    const { pid } = record.find(({ what }) => what === "virtiofsd");
    process.kill(pid, "SIGKILL");
    await until("the log tells it", () => vm.logged.some((line) => /virtiofsd has ended/.test(line)));
    const share = { name: "after", hostPath: vm.directory, readOnly: true };
    await rejects(vm.devices.addPlan9Share(share), "unavailable", /virtiofsd of vm devices has ended/);
    assert.equal((await vm.host.monitor.qmp.execute("query-status")).status, "running");
    await vm.devices.close();
    assert.deepEqual(mountsUnder(vm.path("shared")), []);
    assert.ok(!existsSync(vm.path("shared")) && !existsSync(vm.path("share-points")));
  });
});

/** Comes when the guest has sent it; the test's own time limit is the only one. */
async function nextDatagram(fd: number): Promise<Uint8Array> {
  const frame = new Uint8Array(65536);
  for (;;) {
    const count = read(fd, frame);
    if (count !== undefined) return frame.subarray(0, count);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
