/** A running VM's clock, random numbers, processors, memory and end. */
import assert from "node:assert/strict";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runProgram } from "../../src/gcs/run-program.ts";
import { createGuest, type LinuxGuest } from "../../src/guestmanager/create-guest.ts";
import type { QmpClient } from "../../src/vmmanager/stacks/qemu/qmp/client.ts";
import { removeDevice } from "../../src/vmmanager/stacks/qemu/qmp/device-removal.ts";
import { guestRun } from "./guest-run.ts";
import { BootedUvm, notBootable } from "./uvm.ts";

const MIB = 1024 * 1024;

describe("the machine of a running VM", { skip: notBootable() ?? false, timeout: 1_800_000 }, () => {
  let uvm: BootedUvm;
  let guest: LinuxGuest;
  let qmp: QmpClient;
  const run = (line: string) => guestRun(guest, line);

  before(async () => {
    // Two from the start: under emulation QEMU 7.2 aborts now and then when one is plugged in (tcg/region.c).
    uvm = new BootedUvm("out/uvm", ["-machine", "nvdimm=on", "-smp", "2"]);
    guest = createGuest({ sockets: uvm.mux.sockets });
    guest.prepareConnection();
    await Promise.race([guest.createConnection(), uvm.exited.then(() => assert.fail(uvm.transcript()))]);
    qmp = await uvm.qmp();
  });
  after(async () => {
    guest?.closeConnection();
    await uvm?.dispose();
  });

  it("steps its clock to the host's and reseeds its random numbers", async () => {
    const later = new Date("2031-02-03T04:05:06Z");
    await guest.resumed({ unixNanoseconds: BigInt(later.getTime()) * 1_000_000n, entropy: new Uint8Array(64).fill(7) });
    assert.match((await run("date -u +%Y-%m-%dT%H:%M")).output, /^2031-02-03T04:05\n$/);
    const dmesg = (await run("dmesg | grep -i 'crng'")).output;
    assert.doesNotMatch(dmesg, /fail|error/i);
    await guest.resumed({ unixNanoseconds: BigInt(Date.now()) * 1_000_000n, entropy: new Uint8Array(64).fill(8) });
    assert.ok(Math.abs(Number((await run("date +%s")).output) - Date.now() / 1000) < 30);
  });

  it("takes processors off and on, and uses memory that is plugged in", async () => {
    for (const [count, online] of [
      [1, "0"],
      [2, "0-1"],
    ] as const) {
      await guest.setProcessors(count);
      assert.equal((await run("cat /sys/devices/system/cpu/online")).output, `${online}\n`);
    }

    const total = async (): Promise<number> =>
      Number((await run("grep MemTotal /proc/meminfo")).output.replace(/\D/g, ""));
    const before = await total();
    await qmp.execute("object-add", { "qom-type": "memory-backend-memfd", id: "mem1", size: 128 * MIB, share: true });
    await qmp.execute("device_add", { driver: "pc-dimm", id: "dimm1", memdev: "mem1" });
    for (let tries = 0; tries < 100 && (await total()) < before + 100 * 1024; tries++);
    assert.ok((await total()) >= before + 100 * 1024);
    await removeDevice(qmp, "dimm1", { signal: AbortSignal.timeout(120_000) });
  });

  it("mounts an image in persistent memory", async () => {
    const image = uvm.path("layer.img");
    writeFileSync(image, "");
    truncateSync(image, 16 * MIB);
    await runProgram(["mkfs.ext4", "-q", "-F", "-d", "scripts/uvm-image", image]);
    const added = guest.addVpmemDevice({ deviceNumber: 0, mountPath: "/run/mounts/p0" });
    const memory = { "mem-path": image, size: 16 * MIB, share: true, readonly: true };
    await qmp.execute("object-add", { "qom-type": "memory-backend-file", id: "pmem0", ...memory });
    await qmp.execute("device_add", { driver: "nvdimm", id: "nv0", memdev: "pmem0", unarmed: true });
    await added;
    assert.match((await run("grep /run/mounts/p0 /proc/mounts")).output, /^\/dev\/pmem0 \/run\/mounts\/p0 ext4 ro/);
    assert.equal((await run("head -1 /run/mounts/p0/init")).output, "#!/bin/busybox sh\n");
    await guest.removeVpmemDevice({ deviceNumber: 0, mountPath: "/run/mounts/p0" });
    assert.equal((await run("grep -c /run/mounts /proc/mounts")).output, "0\n");
  });

  it("answers while two processes write as fast as they can", async (t) => {
    const floods = await Promise.all(
      [0, 1].map(async () => {
        const process = await guest.createProcess({
          commandArgs: ["/bin/cat", "/dev/zero"],
          stdio: { stdout: { kind: "stream" } },
        });
        const flood = { process, bytes: 0 };
        process.stdout?.open({
          data: (chunk) => {
            flood.bytes += chunk.length;
          },
          end() {},
          drain() {},
          close() {},
        });
        return flood;
      }),
    );
    const started = performance.now();
    const times: number[] = [];
    const isStarved = (): boolean => {
      const [less = 0, more = 0] = floods.map(({ bytes }) => bytes).sort((a, b) => a - b);
      return less < 1 << 20 || less <= 0.2 * more;
    };
    // Long enough that both have moved something, however slow the guest, and each its part: on a busy machine one of the
    // guest's processors may stand still for a while.
    const isShort = (): boolean => {
      const time = performance.now() - started;
      return time < 2_000 || (time < 120_000 && isStarved());
    };
    while (isShort()) {
      const asked = performance.now();
      await guest.setProcessors(2);
      times.push(performance.now() - asked);
    }
    const rates = floods.map(({ bytes }) => bytes / 1000 / (performance.now() - started));
    await Promise.all(floods.map(({ process }) => process.signal(9)));
    await Promise.all(floods.map(({ process }) => process.exitCode));
    times.sort((a, b) => a - b);
    t.diagnostic(
      `answers after ${times[times.length >> 1]?.toFixed(0)} ms, ${times.at(-1)?.toFixed(0)} at most; ${rates.map((rate) => rate.toFixed(1)).join(" and ")} MB/s`,
    );
    assert.ok((times.at(-1) ?? Number.NaN) < 60_000);
    assert.ok(!isStarved(), "neither starves the other");
  });

  it("carries vsock by its own loopback: this repository's suite, in the guest, under the gcs's Bun", async (t) => {
    const image = uvm.path("suite.img");
    const suite = uvm.path("suite");
    const bun = "node_modules/@oven/bun-linux-x64/bin/bun";
    for (const name of ["src/transport/vsock/loopback", "cmd/gcs/vsock"]) {
      const outfile = join(suite, `${name.replaceAll("/", "-")}.test.js`);
      await runProgram([bun, "build", `${name}.test.ts`, "--target=bun", "--outfile", outfile]);
    }
    await runProgram(["mkfs.ext4", "-q", "-F", "-d", suite, image, "8M"]);
    const file = { driver: "file", filename: image, locking: "off" };
    await qmp.execute("blockdev-add", { driver: "raw", "node-name": "suite", file, "read-only": true });
    await qmp.execute("device_add", { driver: "scsi-hd", id: "suite", drive: "suite", bus: "scsi0.0", lun: 4 });
    await guest.addMappedVirtualDisk({ controller: 0, lun: 4, mountPath: "/run/mounts/m4", readOnly: true });
    const tests = "cd /run/mounts/m4 && UVM_GCS=/usr/bin/gcs BUN_BE_BUN=1 /usr/bin/gcs test --timeout 300000 . 2>&1";
    const { code, output } = await run(`modprobe vsock_loopback && ${tests}`);
    t.diagnostic(output.split("\n").slice(-6).join(" "));
    assert.equal(code, 0, output);
    // None of them skipped itself.
    assert.match(output, /\n *17 pass\n *0 fail\n/);
    await guest.removeMappedVirtualDisk({ controller: 0, lun: 4, mountPath: "/run/mounts/m4" });
  });

  it("turns off when it is asked, with what was written on its disks", async (t) => {
    const image = uvm.path("disk.img");
    writeFileSync(image, "");
    truncateSync(image, 32 * MIB);
    const file = { driver: "file", filename: image, locking: "off" };
    await qmp.execute("blockdev-add", { driver: "raw", "node-name": "disk", file });
    await qmp.execute("device_add", { driver: "scsi-hd", id: "disk", drive: "disk", bus: "scsi0.0", lun: 3 });
    await guest.addMappedVirtualDisk({ controller: 0, lun: 3, mountPath: "/run/mounts/m0", ensureFilesystem: true });
    // Something that runs, and has a file open there.
    const { output } = await run(
      "sh -c 'echo kept >/run/mounts/m0/file; exec 3>/run/mounts/m0/open; exec sleep 1000' >/dev/null & echo ok",
    );
    assert.equal(output, "ok\n");
    const asked = performance.now();
    await guest.shutdown("graceful");
    const answered = performance.now();
    assert.equal(await uvm.exited, 0);
    t.diagnostic(
      `answered ${(answered - asked).toFixed(0)} ms, off ${(performance.now() - answered).toFixed(0)} ms later`,
    );
    assert.equal(await guest.disconnected, undefined);
    // Unmounted, so that no journal has to be replayed.
    await runProgram(["e2fsck", "-n", "-f", image]);
    await runProgram([
      "sh",
      "-c",
      `dumpe2fs -h '${image}' 2>/dev/null | grep -q 'Filesystem state: *clean' && ! dumpe2fs -h '${image}' 2>/dev/null | grep -q needs_recovery`,
    ]);
    assert.doesNotMatch(uvm.transcript(), /do not end|are in use|cannot/);
  });
});
