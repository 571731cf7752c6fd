/** What a host plugs into a running VM, seen from inside it. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, truncateSync, writeFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { runtime } from "#runtime";
import { isKind } from "../../src/errors/shim-error.ts";
import { readAll } from "../../src/gcs/stdio/read-all.ts";
import { createGuest, type LinuxGuest } from "../../src/guestmanager/create-guest.ts";
import { mount, unmount } from "../../src/sys/mount.ts";
import { MS } from "../../src/sys/mount-options.ts";
import type { ChildProcess } from "../../src/sys/runtime.ts";
import type { QmpClient } from "../../src/vmmanager/stacks/qemu/qmp/client.ts";
import { removeDevice } from "../../src/vmmanager/stacks/qemu/qmp/device-removal.ts";
import { listenForFrames } from "./frame-listener.ts";
import { guestRun } from "./guest-run.ts";
import { BootedUvm, notBootable } from "./uvm.ts";

const VIRTIOFSD = "/usr/lib/qemu/virtiofsd";
const MAC = "02:67:63:73:00:05";

describe("devices of a running VM", { skip: notBootable() ?? false, timeout: 1_800_000 }, () => {
  let uvm: BootedUvm;
  let guest: LinuxGuest;
  let qmp: QmpClient;
  const run = (line: string) => guestRun(guest, line);

  before(async () => {
    uvm = new BootedUvm();
    guest = createGuest({ sockets: uvm.mux.sockets });
    guest.prepareConnection();
    await Promise.race([guest.createConnection(), uvm.exited.then(() => assert.fail(uvm.transcript()))]);
    qmp = await uvm.qmp();
  });
  after(async () => {
    guest?.closeConnection();
    await uvm?.dispose();
  });

  async function plugDisk(
    controller: number,
    lun: number,
    filename: string,
    readOnly = false,
  ): Promise<() => Promise<void>> {
    const id = `disk${controller}-${lun}`;
    const file = { driver: "file", filename, locking: "off" };
    await qmp.execute("blockdev-add", { driver: "raw", "node-name": id, "read-only": readOnly, file });
    const where = { bus: `scsi${controller}.0`, channel: 0, "scsi-id": 0, lun };
    await qmp.execute("device_add", { driver: "scsi-hd", id, drive: id, ...where });
    return async () => {
      await removeDevice(qmp, id);
      await qmp.execute("blockdev-del", { "node-name": id });
    };
  }

  it("are disks on controller 0, there since the boot, and 2, which comes with its first disk", async () => {
    const image = uvm.path("blank.img");
    writeFileSync(image, "");
    truncateSync(image, 64 * 1024 * 1024);
    const unplugBlank = await plugDisk(0, 7, image);
    const blank = { controller: 0, lun: 7, mountPath: "/run/mounts/m0" };
    await guest.addMappedVirtualDisk({ ...blank, ensureFilesystem: true, filesystem: "ext4" });
    assert.deepEqual(await run("echo kept >/run/mounts/m0/file; grep -c ' /run/mounts/m0 ext4 rw' /proc/mounts"), {
      code: 0,
      output: "1\n",
    });

    await qmp.execute("device_add", { driver: "virtio-scsi-pci", id: "scsi2", bus: "pci.0", addr: "0x6" });
    const unplugLayer = await plugDisk(2, 63, "out/uvm/root.erofs", true);
    const layer = { controller: 2, lun: 63, mountPath: "/run/mounts/m1", readOnly: true };
    await guest.addMappedVirtualDisk(layer);
    assert.deepEqual(await run("cat /run/mounts/m1/etc/hostname; grep -c ' /run/mounts/m1 erofs ro' /proc/mounts"), {
      code: 0,
      output: "uvm\n1\n",
    });

    await assert.rejects(
      guest.removeScsiDevice(layer),
      (error: Error) => isKind(error, "failed-precondition") && /is in use; cannot let go/.test(error.message),
    );
    for (const [disk, unplug] of [
      [layer, unplugLayer],
      [blank, unplugBlank],
    ] as const) {
      await guest.removeMappedVirtualDisk(disk);
      await guest.removeScsiDevice(disk);
      await guest.removeScsiDevice(disk);
      await unplug();
    }
    assert.equal((await run("ls /sys/class/block | grep -c sd")).output, "0\n");

    const again = await plugDisk(2, 0, image, true);
    await guest.addMappedVirtualDisk({ ...blank, controller: 2, lun: 0, readOnly: true });
    assert.equal((await run("cat /run/mounts/m0/file")).output, "kept\n");
    await guest.addMappedVirtualDisk({ controller: 2, lun: 0, blockDev: true, mountPath: "/run/dev/data" });
    assert.match((await run("readlink /run/dev/data")).output, /^\/dev\/sd[a-z]\n$/);
    await guest.removeMappedVirtualDisk({ mountPath: "/run/dev/data" });
    await guest.removeMappedVirtualDisk(blank);
    await guest.removeScsiDevice({ controller: 2, lun: 0 });
    await again();
  });

  it("are shares of directories and of single files, which the host can take away again", async (t) => {
    if (process.getuid?.() !== 0) return t.skip("wants root: it mounts, and so does virtiofsd");
    for (const name of ["shared", "shared/dir", "host", "host/deep"]) mkdirSync(uvm.path(name));
    for (const name of ["host/secret", "host/file", "host/deep/file", "shared/file"])
      writeFileSync(uvm.path(name), name);
    const bind = (from: string, to: string): void => mount(uvm.path(from), uvm.path(to), "", MS.BIND | MS.REC, "");
    const fileServer = await startFileServer(uvm.path("shared"), uvm.path("fs.sock"));
    try {
      bind("host", "shared/dir");
      bind("host/file", "shared/file");
      const addr = { type: "unix", data: { path: uvm.path("fs.sock") } };
      await qmp.execute("chardev-add", { id: "fs", backend: { type: "socket", data: { addr, server: false } } });
      const plugged = qmp.execute("device_add", { driver: "vhost-user-fs-pci", id: "fs", chardev: "fs", tag: "uvm" });
      // The request is there before its device: it waits.
      await Promise.all([plugged, guest.addMappedDirectory({ shareName: "dir", mountPath: "/run/mounts/d0" })]);
      await guest.addMappedDirectory({ shareName: "dir", mountPath: "/run/mounts/d1", readOnly: true });
      await guest.addMappedDirectory({ shareName: "file", mountPath: "/run/mounts/f0", readOnly: true });

      const lines = [
        "cat /run/mounts/d0/deep/file /run/mounts/f0; echo",
        "echo guest >/run/mounts/d0/new; cat /run/mounts/d1/new",
        "echo x >/run/mounts/d1/new || echo ro; echo x >/run/mounts/f0 || echo ro",
        "test -f /run/mounts/f0 && echo file",
      ];
      assert.equal(
        (await run(`{ ${lines.join("; ")}; } 2>/dev/null`)).output,
        "host/deep/filehost/file\nguest\nro\nro\nfile\n",
      );
      assert.equal(readFileSync(uvm.path("host/new"), "utf8"), "guest\n");

      for (const mountPath of ["/run/mounts/d0", "/run/mounts/d1", "/run/mounts/f0"]) {
        await guest.removeMappedDirectory({ mountPath });
      }
      assert.equal((await run("ls /run/mounts; grep -c /run/mounts /proc/mounts")).output, "0\n");
      await assert.rejects(guest.addMappedDirectory({ shareName: "none", mountPath: "/run/mounts/d0" }), (error) =>
        isKind(error, "not-found"),
      );
      await forgotten(fileServer.pid, uvm.path("host"));
    } finally {
      // Not lazily: a file that the server holds would keep them busy.
      for (const name of ["shared/file", "shared/dir"]) unmount(uvm.path(name));
      fileServer.kill(9);
      await fileServer.exited;
    }
  });

  it("are network adapters, in the namespace that their containers join", async () => {
    const frames = await listenForFrames(uvm.path("net.sock"));
    after(() => frames.close());
    const backend = { type: "stream", addr: { type: "unix", path: uvm.path("net.sock") }, server: false };
    await qmp.execute("netdev_add", { ...backend, id: "nic0" });
    const adapter = {
      namespaceId: "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
      id: "nic0",
      macAddress: MAC,
      mtu: 1400,
      ipConfigs: [{ ipAddress: "10.88.0.5", prefixLength: 16 }],
      routes: [{ nextHop: "10.88.0.1", destinationPrefix: "0.0.0.0/0" }],
    };
    const plugged = qmp.execute("device_add", {
      driver: "virtio-net-pci",
      id: "nic0",
      netdev: "nic0",
      mac: MAC,
      romfile: "",
    });
    await Promise.all([plugged, guest.addNetworkInterface(adapter)]);

    const bundle = "/run/gcs/c/net";
    await run(`mkdir -p ${bundle}/rootfs/bin ${bundle}/rootfs/proc && cp /bin/busybox ${bundle}/rootfs/bin/`);
    const container = await guest.createContainer("net", {
      ociBundlePath: bundle,
      ociSpecification: {
        ociVersion: "1.0.2",
        process: {
          args: [
            "/bin/busybox",
            "sh",
            "-c",
            "/bin/busybox ip addr; /bin/busybox ip route; /bin/busybox arping -c1 10.88.0.1",
          ],
          cwd: "/",
          user: { uid: 0, gid: 0 },
          capabilities: { bounding: ["CAP_NET_RAW"], permitted: ["CAP_NET_RAW"], effective: ["CAP_NET_RAW"] },
        },
        root: { path: `${bundle}/rootfs` },
        mounts: [
          { destination: "/proc", type: "proc", source: "proc" },
          { destination: "/dev", type: "tmpfs", source: "tmpfs" },
        ],
        linux: { namespaces: [{ type: "mount" }, { type: "pid" }, { type: "network" }] },
        windows: { network: { networkNamespace: adapter.namespaceId.toUpperCase() } },
      },
    });
    const process = await container.startInit({ emulateConsole: false, stdio: { stdout: { kind: "stream" } } });
    const { stdout } = process;
    assert.ok(stdout);
    const text = await readAll(stdout, 1 << 20);
    await process.exitCode;
    assert.match(text, /eth0: .*mtu 1400[\s\S]*inet 10\.88\.0\.5\/16/);
    assert.match(text, /lo: <LOOPBACK,UP/);
    assert.match(text, /default via 10\.88\.0\.1 dev eth0/);
    assert.ok((await frames.next()).length >= 42, "a frame of the container's reached the host");

    await guest.deleteContainerState("net");
    assert.equal((await run("ls /run/netns")).output, `${adapter.namespaceId}\n`);
    await guest.removeNetworkInterface(adapter);
    assert.equal((await run("ls /run/netns")).output, "");
    await removeDevice(qmp, "nic0");
    await qmp.execute("netdev_del", { id: "nic0" });
  });
});

async function startFileServer(source: string, socket: string): Promise<ChildProcess> {
  const options = [
    "-o",
    `source=${source}`,
    "-o",
    "sandbox=chroot",
    "-o",
    "cache=auto",
    "-o",
    "announce_submounts",
    "-f",
  ];
  const server = runtime.spawn([VIRTIOFSD, `--socket-path=${socket}`, ...options], { stdio: ["null", "null", "null"] });
  while (!readdirSync(socket.replace(/\/[^/]*$/, "")).includes("fs.sock")) await sleep(10);
  return server;
}

/** The file server holds no file of that directory any more: it closes what the guest forgets, a moment later. */
async function forgotten(pid: number, directory: string): Promise<void> {
  const held = (): string[] =>
    children(pid).flatMap((each) =>
      readdirSync(`/proc/${each}/fd`)
        .flatMap((fd) => linkOf(`/proc/${each}/fd/${fd}`) ?? [])
        .filter((path) => path.includes("/shared/") || path.startsWith(directory)),
    );
  const until = performance.now() + 60_000;
  while (held().length > 0 && performance.now() < until) await sleep(20);
  assert.deepEqual(held(), []);
}

/** Undefined where it was closed since it was listed. */
function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function children(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return [pid, ...text.split(" ").filter(Boolean).map(Number)];
}
