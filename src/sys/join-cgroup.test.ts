import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { isKind } from "../errors/shim-error.ts";
import { cgroupOf, processDirectory } from "./cgroup.ts";
import { cgroupDirectories, joinCgroup } from "./join-cgroup.ts";
import { mountTable, parseMountInfo } from "./mountinfo.ts";

const mounts = parseMountInfo(
  [
    "30 23 0:25 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd",
    "31 23 0:26 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct",
    "32 23 0:27 /outer /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
    "33 23 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
  ].join("\n"),
);

describe("cgroupDirectories", () => {
  it("is one for each v1 hierarchy, where there are such with controllers", () => {
    const directories = ["/sys/fs/cgroup/systemd/shims", "/sys/fs/cgroup/cpu,cpuacct/shims"];
    assert.deepEqual(cgroupDirectories("/shims", "v1", mounts), directories);
    assert.deepEqual(cgroupDirectories("/shims", "hybrid", mounts), directories);
  });

  it("is the unified one otherwise", () => {
    assert.deepEqual(cgroupDirectories("/shims", "v2", mounts), ["/sys/fs/cgroup/unified/shims"]);
  });

  it("counts from the part that is mounted", () => {
    assert.equal(cgroupDirectories("/outer/shims", "v1", mounts).at(-1), "/sys/fs/cgroup/memory/shims");
  });
});

describe("joinCgroup", { skip: process.getuid?.() === 0 ? false : "wants root: it makes cgroups" }, () => {
  const path = `/uvm-join-${process.pid}`;
  const { mode } = cgroupOf("self");
  // One that every process may enter: a new cpuset has no processors yet.
  const made = cgroupDirectories(path, mode, mountTable()).filter((each) => /systemd|freezer|unified/.test(each));
  if (mode === "v2") made.splice(0, made.length, ...cgroupDirectories(path, mode, mountTable()));
  const child = spawn("sleep", ["1000"], { stdio: "ignore" });
  const pid = child.pid ?? 0;
  before(() => {
    assert.ok(made.length > 0);
    for (const each of made) mkdirSync(each);
  });
  after(async () => {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    for (const each of made) rmdirSync(each);
  });

  it("moves the process where the cgroup exists, and leaves the other hierarchies alone", () => {
    const others = processDirectory(cgroupOf(pid));
    joinCgroup(pid, path);
    for (const each of made) assert.equal(readFileSync(`${each}/cgroup.procs`, "utf8"), `${pid}\n`);
    if (mode !== "v2") assert.equal(processDirectory(cgroupOf(pid)), others);
  });

  it("refuses a cgroup that is nowhere, and what is no path", () => {
    assert.throws(
      () => joinCgroup(pid, "/no/such/cgroup"),
      (error) => isKind(error, "not-found") && /cgroup \/no\/such\/cgroup does not exist/.test(String(error)),
    );
    for (const bad of ["relative", "/a/../b"]) {
      assert.throws(
        () => joinCgroup(pid, bad),
        (error) => isKind(error, "invalid-argument"),
      );
    }
  });
});
