import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { describe, it } from "node:test";
import { cgroupOf } from "../sys/cgroup.ts";
import { cgroupDirectories } from "../sys/join-cgroup.ts";
import { mountTable } from "../sys/mountinfo.ts";
import { joinVmCgroup, removeVmCgroups } from "./vm-cgroup.ts";

describe("a VM's cgroup", { skip: process.getuid?.() === 0 ? false : "cgroups want root" }, () => {
  it("is made with its parents, holds the process, and is removed once that is dead", async () => {
    const dir = mkdtempSync(join(tmpdir(), "vm-cgroup-"));
    const child = spawn("sleep", ["1000"]);
    const ended = new Promise((resolve) => child.on("exit", resolve));
    const path = `/${basename(dir)}/pod`;
    const places = cgroupDirectories(path, cgroupOf("self").mode, mountTable());
    try {
      joinVmCgroup(dir, path, child.pid ?? 0);
      assert.match(readFileSync(`/proc/${child.pid}/cgroup`, "utf8"), new RegExp(`:${path}$`, "m"));
      // A second process of the VM.
      joinVmCgroup(dir, path, child.pid ?? 0);
      await assert.rejects(removeVmCgroups(dir), /EBUSY/);
      child.kill("SIGKILL");
      await ended;
      await removeVmCgroups(dir);
      assert.deepEqual(places.filter(existsSync), []);
      assert.deepEqual(readdirSync(dir), []);
      await removeVmCgroups(dir);
    } finally {
      child.kill("SIGKILL");
      for (const place of places.map(dirname)) if (existsSync(place)) rmdirSync(place);
      rmSync(dir, { recursive: true });
    }
  });
});
