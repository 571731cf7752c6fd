/** What the stack `qemu` leaves behind when it fails, and how it tells of the end of a QEMU. Boots no guest. */
import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import { type ErrorKind, ShimError } from "../../src/errors/shim-error.ts";
import { leakedFds, openFds } from "../../src/sys/fd-leaks.ts";
import { mkfifo } from "../../src/sys/libc.ts";
import { mount, unmount } from "../../src/sys/mount.ts";
import { processStat } from "../../src/sys/process.ts";
import { createQemuStack, type QemuStackOptions } from "../../src/vmmanager/stacks/qemu/stack.ts";
import { uidOf } from "../../src/vmmanager/stacks/qemu/vm-process.ts";
import type { UvmOptions } from "../../src/vmmanager/uvm.ts";
import { readVmProcesses } from "../../src/vmmanager/vm-processes.ts";
import { until } from "../harness/until.ts";
import { notBootable } from "./uvm.ts";

const image = resolve("out/uvm");

describe("faults of the stack qemu", { skip: notBootable() ?? false, timeout: 1_800_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), "uvm-faults-"));
  const saved = join(root, "saved");
  let fdsBefore = openFds();
  let count = 0;

  const fresh = (more: Partial<UvmOptions> = {}): UvmOptions => {
    const stateDirectory = join(root, `state${++count}`);
    mkdirSync(stateDirectory, { mode: 0o700 });
    return { id: `v${count}`, stateDirectory, ...more };
  };
  const stackWith = (more: Partial<QemuStackOptions> = {}) => createQemuStack({ image, ...more });
  const children = (): number[] =>
    readdirSync("/proc")
      .map(Number)
      .filter((pid) => {
        const stat = pid > 0 ? processStat(pid) : undefined;
        return stat?.parentPid === process.pid && stat.state !== "Z";
      });
  let childrenBefore: number[] = [];
  /** What was killed may take a moment to be gone. */
  const noneAlive = () =>
    until("the end of every child", () => children().every((pid) => childrenBefore.includes(pid)));

  before(async () => {
    mkdirSync(saved);
    childrenBefore = children();
    const uvm = await stackWith().create(fresh());
    await uvm.start();
    await uvm.pause();
    await uvm.save({ directory: saved });
    await uvm.close();
    fdsBefore = openFds();
  });
  after(async () => {
    await noneAlive();
    rmSync(root, { recursive: true });
    assert.deepEqual(await leakedFds(fdsBefore), []);
  });

  /** A directory as of an image, with one file changed. */
  const imageWith = (change: (directory: string) => void): string => {
    const directory = mkdtempSync(join(root, "image"));
    for (const name of ["vmlinuz", "initrd.cpio", "root.erofs"]) symlinkSync(join(image, name), join(directory, name));
    change(directory);
    return directory;
  };
  const without = (name: string) => imageWith((directory) => rmSync(join(directory, name)));
  const script = (text: string): string => {
    const path = join(mkdtempSync(join(root, "bin")), "qemu");
    writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    chmodSync(root, 0o755);
    chmodSync(resolve(path, ".."), 0o755);
    return path;
  };

  const failures: readonly [string, () => Partial<QemuStackOptions>, () => UvmOptions, ErrorKind, RegExp][] = [
    ["no QEMU", () => ({ binary: "/no/qemu" }), fresh, "not-found", /program \/no\/qemu .*install QEMU/],
    ["no setpriv", () => ({ setpriv: "/no/setpriv" }), fresh, "not-found", /setpriv .*install util-linux/],
    ["no kernel", () => ({ image: without("vmlinuz") }), fresh, "not-found", /vmlinuz cannot be read; .*image/],
    ["no initrd", () => ({ image: without("initrd.cpio") }), fresh, "not-found", /initrd\.cpio cannot be read/],
    ["no root file system", () => ({ image: without("root.erofs") }), fresh, "not-found", /root\.erofs cannot be read/],
    [
      "a kernel that only root may read",
      () => ({
        image: imageWith((directory) => {
          rmSync(join(directory, "vmlinuz"));
          writeFileSync(join(directory, "vmlinuz"), "", { mode: 0o600 });
        }),
      }),
      fresh,
      "failed-precondition",
      /vmlinuz is not readable for all; .*chmod/,
    ],
    [
      "a kernel that is none",
      () => ({
        image: imageWith((directory) => {
          rmSync(join(directory, "vmlinuz"));
          writeFileSync(join(directory, "vmlinuz"), "none");
        }),
      }),
      fresh,
      "unavailable",
      /did not start \(code 1\): .*kernel/,
    ],
    ["KVM that is not usable", () => ({ accel: "kvm" }), fresh, "failed-precondition", /KVM is not usable/],
    [
      "too little memory",
      () => ({}),
      () => fresh({ sizing: { processors: 1, maxProcessors: 1, memoryMiB: 64, maxMemoryMiB: 64 } }),
      "invalid-argument",
      /64 MiB of memory/,
    ],
    ["no such machine", () => ({ machine: "pdp11" }), fresh, "unavailable", /did not start .*unsupported machine type/],
    [
      "a QEMU that ends at once",
      () => ({ binary: script("echo no luck >&2; exit 3") }),
      fresh,
      "unavailable",
      /\(code 3\): no luck/,
    ],
    [
      "a QEMU that talks nonsense",
      () => ({ binary: script("echo '{}' >&3; sleep 60") }),
      fresh,
      "unavailable",
      /did not start/,
    ],
    [
      "no such network namespace",
      () => ({}),
      () => fresh({ networkNamespace: "/no/namespace" }),
      "not-found",
      /network namespace \/no\/namespace/,
    ],
    [
      "a state directory that is gone",
      () => ({}),
      () => ({ id: "v", stateDirectory: join(root, "gone") }),
      "unknown",
      /ENOENT/,
    ],
  ];
  for (const [what, options, uvm, kind, message] of failures) {
    it(`creates nothing with ${what}`, async () => {
      const given = uvm();
      await assert.rejects(stackWith(options()).create(given), (error) => {
        const { kind: got, message: said } = ShimError.from(error);
        assert.deepEqual([got, message.test(said) ? "" : said], [kind, ""]);
        return true;
      });
      await noneAlive();
      assert.deepEqual(await leakedFds(fdsBefore), []);
    });
  }

  it("creates nothing for a caller that leaves, at any moment", async () => {
    const silent = stackWith({ binary: script("exec sleep 600") });
    for (const stack of [silent, stackWith()]) {
      for (const ms of [0, 5, 20, 40, 80]) {
        const given = fresh();
        const signal = AbortSignal.timeout(ms);
        const outcome = await stack.create(given, { signal }).then(
          (uvm) => uvm.close(),
          (error) => assert.equal(ShimError.from(error).kind, "deadline-exceeded"),
        );
        assert.equal(outcome, undefined);
        await noneAlive();
      }
    }
    assert.deepEqual(await leakedFds(fdsBefore), []);
  });

  it("runs QEMU as a user of its own, without capabilities, confined, recorded, and for as long as we live", async () => {
    const options = fresh();
    const uvm = await stackWith().create(options);
    try {
      const pid = uvm.hostPid(7);
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      const uid = uidOf(options.id);
      assert.match(status, new RegExp(`^Uid:\\t${uid}\\t${uid}\\t${uid}\\t${uid}$`, "m"));
      assert.match(status, new RegExp(`^Gid:\\t${uid}\\t${uid}\\t${uid}\\t${uid}$`, "m"));
      assert.match(status, /^Groups:\t\s*$/m);
      for (const set of ["Inh", "Prm", "Eff", "Bnd", "Amb"]) assert.match(status, new RegExp(`^Cap${set}:\\t0+$`, "m"));
      assert.match(status, /^NoNewPrivs:\t1$/m);
      assert.match(status, /^Seccomp:\t2$/m);
      // All that it was started with.
      assert.match(readFileSync(`/proc/${pid}/environ`, "latin1"), /^PATH=[^\0]*\0$/);
      assert.equal(readlinkSync(`/proc/${pid}/cwd`), "/");
      const [record] = readVmProcesses(options.stateDirectory);
      assert.deepEqual([record?.pid, record?.what], [pid, "qemu"]);
      assert.equal(statSync(join(options.stateDirectory, "vm-processes.json")).mode & 0o777, 0o600);
    } finally {
      await uvm.close();
    }
    assert.notEqual(uidOf("a"), uidOf("b"));
  });

  it("shares from a state directory whose name looks like options of virtiofsd", async () => {
    const stateDirectory = join(root, "state,modcaps=+mknod,\\1");
    mkdirSync(stateDirectory, { mode: 0o700 });
    const uvm = await stackWith().create(fresh({ stateDirectory, shares: true }));
    try {
      const served = readVmProcesses(stateDirectory).find(({ what }) => what === "virtiofsd");
      assert.match(readFileSync(`/proc/${served?.pid}/environ`, "latin1"), /^PATH=[^\0]*\0$/);
      await uvm.addPlan9Share({ name: "a", hostPath: root, readOnly: true });
    } finally {
      await uvm.close();
    }
    assert.deepEqual(readdirSync(stateDirectory), ["vm-processes.json"]);
  });

  for (const [signal, message] of [
    [9, /^vm v\d+ has ended: QEMU was killed \(SIGKILL\)/],
    [11, /^vm v\d+ has ended: QEMU crashed \(signal 11\)/],
  ] as const) {
    it(`notices at once that QEMU is gone by signal ${signal}`, async () => {
      const uvm = await stackWith().create(fresh());
      try {
        await uvm.start();
        process.kill(uvm.hostPid(1), signal);
        const { error } = await uvm.wait({ signal: AbortSignal.timeout(60_000) });
        assert.match(error?.message ?? "", message);
        assert.equal(ShimError.from(error).kind, "unavailable");
        assert.equal((await uvm.properties()).state, "ended");
        for (const call of [uvm.pause(), uvm.statistics()]) {
          await assert.rejects(call, { kind: "failed-precondition" });
        }
        assert.throws(() => uvm.sockets.listen(1), { kind: "unavailable" });
        // Asked for too late to be its reason.
        await uvm.terminate();
        assert.equal((await uvm.wait()).error, error);
      } finally {
        await uvm.close();
      }
      assert.deepEqual(await leakedFds(fdsBefore), []);
    });
  }

  it("ends a QEMU whose monitor breaks the protocol", async () => {
    const greeting = '{"QMP":{"version":{"qemu":{"major":7,"minor":2,"micro":0},"package":""},"capabilities":[]}}';
    const lines = [
      `echo '${greeting}' >&3`,
      "read x <&3",
      `echo '{"return":{},"id":1}' >&3`,
      "read x <&3",
      "echo {} >&3",
    ];
    const uvm = await stackWith({ binary: script([...lines, "exec sleep 600"].join("\n")) }).create(fresh());
    try {
      await assert.rejects(uvm.start(), { kind: "data-loss" });
      const { error } = await uvm.wait({ signal: AbortSignal.timeout(60_000) });
      assert.match(
        error?.message ?? "",
        /killed, as its monitor is not to be trusted any more: QEMU sent what is no QMP/,
      );
    } finally {
      await uvm.close();
    }
    assert.deepEqual(await leakedFds(fdsBefore), []);
  });

  it("tells why QEMU did not start, also where what it had can't be given back", async () => {
    const options = fresh();
    writeFileSync(join(options.stateDirectory, "vm-cgroups.json"), JSON.stringify([root]));
    await assert.rejects(stackWith({ machine: "nonsense" }).create(options), /did not start.*unsupported machine type/);
    await noneAlive();
  });

  describe("save and restore", () => {
    const copy = (change: (directory: string) => void): string => {
      const directory = mkdtempSync(join(root, "copy"));
      for (const name of readdirSync(saved)) copyFileSync(join(saved, name), join(directory, name));
      change(directory);
      return directory;
    };
    const edit = (values: Record<string, unknown>) =>
      copy((directory) => {
        const path = join(directory, "vm.json");
        writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), ...values }));
      });
    const own = () => JSON.parse(readFileSync(join(saved, "vm.json"), "utf8"));
    const damage: readonly [string, () => string, ErrorKind, RegExp][] = [
      ["no directory", () => join(root, "none"), "not-found", /has no vm\.json/],
      ["a foreign directory", () => root, "not-found", /has no vm\.json/],
      ["a cut state", () => copy((d) => truncateSync(join(d, "state"), 1000)), "data-loss", /has 1000 bytes/],
      ["no state", () => copy((d) => rmSync(join(d, "state"))), "data-loss", /state is missing/],
      ["a cut document", () => copy((d) => truncateSync(join(d, "vm.json"), 20)), "data-loss", /is no JSON/],
      ["another document", () => copy((d) => writeFileSync(join(d, "vm.json"), "[]")), "data-loss", /has another form/],
      [
        "a document of half its members",
        () => copy((d) => writeFileSync(join(d, "vm.json"), '{"version":1}')),
        "data-loss",
        /damaged/,
      ],
      ["another version", () => edit({ version: 99 }), "failed-precondition", /has version 99, this release reads 1/],
      ["another QEMU", () => edit({ qemu: "1.0.0" }), "failed-precondition", /is of QEMU 1\.0\.0/],
      ["another image", () => edit({ root: "0:0" }), "failed-precondition", /another image/],
      [
        "sizes that no VM has",
        () => edit({ document: { ...own().document, sizing: {} } }),
        "invalid-argument",
        /processors/,
      ],
      [
        "another form of hardware",
        () => edit({ hardware: { disks: {} } }),
        "data-loss",
        /hardware .* has another form/,
      ],
      ["a directory of everybody's", () => copy((d) => chmodSync(d, 0o777)), "failed-precondition", /by others.*go-w/],
      [
        "another user's document",
        () => copy((d) => chownSync(join(d, "vm.json"), 7, 7)),
        "failed-precondition",
        /user 7/,
      ],
      [
        "another user's state",
        () => copy((d) => chownSync(join(d, "state"), 7, 7)),
        "failed-precondition",
        /state .*user 7/,
      ],
      [
        "a FIFO",
        () =>
          copy((d) => {
            rmSync(join(d, "vm.json"));
            mkfifo(join(d, "vm.json"), 0o600);
          }),
        "data-loss",
        /is no file/,
      ],
      ["a damaged channel", () => edit({ mux: { version: 1 } }), "data-loss", /guest channel is damaged/],
      [
        "a state that is none",
        () =>
          copy((d) => {
            const size = statSync(join(d, "state")).size;
            writeFileSync(join(d, "state"), Buffer.alloc(size, 0x55));
          }),
        "data-loss",
        /can't be loaded/,
      ],
    ];
    for (const [what, directory, kind, message] of damage) {
      it(`restores nothing from ${what}`, async () => {
        const from = directory();
        await assert.rejects(stackWith().restore(fresh(), { directory: from }), (error) => {
          const { kind: got, message: said } = ShimError.from(error);
          assert.deepEqual([got, message.test(said) ? "" : said], [kind, ""]);
          return true;
        });
        await noneAlive();
        assert.deepEqual(await leakedFds(fdsBefore), []);
      });
    }

    it("says that the disk is full, leaves nothing there, and lets the VM go on", async () => {
      const directory = join(root, "full");
      mkdirSync(directory);
      mount("tmpfs", directory, "tmpfs", 0, "size=1m");
      try {
        const uvm = await stackWith().create(fresh());
        try {
          await uvm.start();
          await uvm.pause();
          const full = { kind: "resource-exhausted", message: /full is full; cannot save/ };
          await assert.rejects(uvm.save({ directory }), full);
          assert.deepEqual(readdirSync(directory), []);
          await uvm.resume();
          assert.equal((await uvm.properties()).state, "running");
          await uvm.pause();
          const again = mkdtempSync(join(root, "again"));
          await uvm.save({ directory: again });
          assert.deepEqual(readdirSync(again).sort(), ["state", "vm.json"]);
          for (const name of readdirSync(again)) assert.equal(statSync(join(again, name)).mode & 0o777, 0o600);
        } finally {
          await uvm.close();
        }
      } finally {
        unmount(directory);
      }
      assert.deepEqual(await leakedFds(fdsBefore), []);
    });
  });
});
