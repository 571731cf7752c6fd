import assert from "node:assert/strict";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { isKind, ShimError } from "../errors/shim-error.ts";
import {
  linkSocketDirectory,
  prepareSocketDirectory,
  removeAddressFile,
  removeSocketLink,
  socketPath,
  writeAddressFile,
} from "./address.ts";
import { podOf } from "./grouping.ts";
import {
  type BundleRecord,
  type DaemonRecord,
  readBundleRecord,
  readDaemonRecord,
  removeBundleRecord,
  removeStateDirectory,
  stateDirectoryOf,
  writeBundleRecord,
  writeDaemonRecord,
} from "./records.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "records-test-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const bundleRecord: BundleRecord = {
  podId: "p1",
  stateDirectory: "/run/x/ns/p1",
  socketPath: "/run/s/1",
  settings: {
    stack: "local",
    spareDaemons: 0,
    spareIdleSeconds: 600,
    runDirectory: "/run/x",
    socketDirectory: "/run/s",
    runc: { binary: "runc", systemdCgroup: false },
    qemu: {
      ...({ binary: "qemu", virtiofsd: "virtiofsd", accel: "tcg", channel: "auto" } as const),
      ...{ processors: 1, maxProcessors: 1, memoryMiB: 256, maxMemoryMiB: 256 },
      ...{ template: false, templateDirectory: "/x/templates" },
    },
    remotevm: {
      ...{ service: "uvm-vmservice", arguments: [], annotations: false, kernelArguments: [] },
      ...{ processors: 1, memoryMiB: 256 },
    },
    source: "defaults",
    origins: {},
  },
};
const daemonRecord: DaemonRecord = {
  pid: 4242,
  startTime: 1n,
  stack: "local",
  socketPath: "/run/s/1",
  bundle: "/b",
  runcBinary: "runc",
  runcRoot: "/r",
};

describe("records", () => {
  it("keeps the bundle's record for its owner alone", () => {
    writeBundleRecord(dir, bundleRecord);
    assert.deepEqual(readBundleRecord(dir), bundleRecord);
    assert.equal(statSync(join(dir, "uvm-shim.json")).mode & 0o777, 0o600);
    removeBundleRecord(dir);
    removeBundleRecord(dir);
    assert.equal(readBundleRecord(dir), undefined);
  });

  it("keeps the daemon's record and removes it with all that is beside it, but not another pod's", () => {
    const one = stateDirectoryOf(dir, "ns", "p1");
    const two = stateDirectoryOf(dir, "ns", "p2");
    writeDaemonRecord(one, daemonRecord);
    writeDaemonRecord(two, daemonRecord);
    assert.deepEqual(readDaemonRecord(one), daemonRecord);
    assert.equal(statSync(one).mode & 0o777, 0o700);
    assert.equal(statSync(join(one, "daemon.json")).mode & 0o777, 0o600);
    mkdirSync(join(one, "containers", "c"), { recursive: true });
    removeStateDirectory(one);
    assert.deepEqual([existsSync(one), existsSync(two)], [false, true]);
    removeStateDirectory(two);
    removeStateDirectory(two);
    assert.equal(existsSync(join(dir, "ns")), false);
  });

  it("does not trust what is no record, and never a pid that means everybody", () => {
    const path = join(dir, "daemon.json");
    for (const text of ["", "null", "[]", "{", '{"pid":4242}']) {
      writeFileSync(path, text);
      assert.equal(readDaemonRecord(dir), undefined);
    }
    for (const pid of [-1, 0, 1, 1.5]) {
      writeFileSync(path, JSON.stringify({ ...daemonRecord, startTime: "1", pid }));
      assert.equal(readDaemonRecord(dir), undefined);
    }
    for (const wrong of [
      { stack: 1 },
      { bundle: null },
      { runcBinary: {} },
      { runcRoot: 5 },
      { startTime: "1".repeat(30) },
    ]) {
      writeFileSync(path, JSON.stringify({ ...daemonRecord, startTime: "1", ...wrong }));
      assert.equal(readDaemonRecord(dir), undefined, JSON.stringify(wrong));
    }
    const { settings } = bundleRecord;
    for (const wrong of [
      { stateDirectory: "relative" },
      ...[null, {}, { ...settings, runDirectory: 5 }, { ...settings, runc: null }].map((each) => ({ settings: each })),
    ]) {
      writeFileSync(join(dir, "uvm-shim.json"), JSON.stringify({ ...bundleRecord, ...wrong }));
      assert.equal(readBundleRecord(dir), undefined, JSON.stringify(wrong));
    }
  });
});

describe("socketPath", () => {
  it("hashes containerd's address, the namespace and the pod", () => {
    // printf %s /run/containerd/containerd.sock/default/c1 | sha256sum
    const hash = "d25aa4ef11a84e954e74a5bcff06557d0b6ea8d0c00243896f29826694bbd888";
    assert.equal(socketPath("/run/s", "/run/containerd/containerd.sock", "default", "c1"), `/run/s/${hash}`);
  });

  it("refuses a directory in which no socket can be bound, and says how long it may be", () => {
    const longest = `/${"d".repeat(41)}`;
    assert.equal(socketPath(longest, "a", "ns", "c").length, 107);
    assert.throws(
      () => socketPath(`${longest}d`, "a", "ns", "c"),
      (error) =>
        error instanceof ShimError && /has 108 bytes, 107 are allowed; .* at most 42 bytes/.test(error.message),
    );
    assert.throws(
      () => socketPath("run", "a", "ns", "c"),
      (error) => isKind(error, "invalid-argument"),
    );
  });
});

describe("prepareSocketDirectory", () => {
  it("makes the directory, for its owner alone", () => {
    const path = join(dir, "a", "s");
    prepareSocketDirectory(path);
    prepareSocketDirectory(path);
    assert.equal(statSync(path).mode & 0o777, 0o700);
  });

  it("refuses one that others can write in, or that belongs to another", () => {
    const open = join(dir, "open");
    mkdirSync(open);
    rmSync(open, { recursive: true });
    const mask = process.umask(0);
    mkdirSync(open, 0o777);
    process.umask(mask);
    assert.throws(
      () => prepareSocketDirectory(open),
      (error) => isKind(error, "permission-denied"),
    );
    assert.throws(
      () => prepareSocketDirectory(dir, 12345),
      (error) => isKind(error, "permission-denied"),
    );
  });
});

describe("the bundle's address file", () => {
  it("holds the address and nothing else, and is replaced", () => {
    writeAddressFile(dir, "unix:///one");
    writeAddressFile(dir, "unix:///two");
    assert.deepEqual(readdirSync(dir), ["address"]);
    assert.equal(readFileSync(join(dir, "address"), "utf8"), "unix:///two");
    removeAddressFile(dir);
    removeAddressFile(dir);
    assert.deepEqual(readdirSync(dir), []);
  });
});

describe("the bundle's socket link", () => {
  it("leads to the socket directory and is replaced, but nothing else is removed", () => {
    linkSocketDirectory(dir, "/one");
    linkSocketDirectory(dir, "/two");
    assert.equal(readlinkSync(join(dir, "s")), "/two");
    removeSocketLink(dir);
    removeSocketLink(dir);
    writeFileSync(join(dir, "s"), "mine");
    removeSocketLink(dir);
    assert.ok(lstatSync(join(dir, "s")).isFile());
  });
});

describe("podOf", () => {
  function spec(annotations: object): void {
    writeFileSync(join(dir, "config.json"), JSON.stringify({ ociVersion: "1.0.2", annotations }));
  }

  it("is the container itself without annotations, without a spec, without a bundle", () => {
    assert.equal(podOf(dir, "c1"), "c1");
    assert.equal(podOf(join(dir, "none"), "c1"), "c1");
    spec({ "io.kubernetes.cri.sandbox-id": "" });
    assert.equal(podOf(dir, "c1"), "c1");
  });

  it("is the sandbox, and before it the group", () => {
    spec({ "io.kubernetes.cri.sandbox-id": "sandbox" });
    assert.equal(podOf(dir, "c1"), "sandbox");
    spec({ "io.kubernetes.cri.sandbox-id": "sandbox", "io.containerd.runc.v2.group": "group" });
    assert.equal(podOf(dir, "c1"), "group");
  });

  it("refuses a group that would lead out of the run directory, and a spec that is none", () => {
    for (const group of ["../../etc", "a/b", ".."]) {
      spec({ "io.containerd.runc.v2.group": group });
      assert.throws(
        () => podOf(dir, "c1"),
        (error) => isKind(error, "invalid-argument"),
      );
    }
    writeFileSync(join(dir, "config.json"), "nonsense");
    assert.throws(
      () => podOf(dir, "c1"),
      (error) => isKind(error, "invalid-argument"),
    );
  });
});
