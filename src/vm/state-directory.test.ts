import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isKind } from "../errors/shim-error.ts";
import { isAlive, startTime } from "../sys/process.ts";
import { addVmProcess } from "../vmmanager/vm-processes.ts";
import { Manager } from "./manager.ts";
import { StateDirectory } from "./state-directory.ts";

describe("a state directory", () => {
  let base = "";
  before(() => {
    base = mkdtempSync(join(tmpdir(), "uvm-vm-state-"));
  });
  after(() => rmSync(base, { recursive: true }));
  const make = (name: string): string => {
    mkdirSync(join(base, name));
    return join(base, name);
  };

  it("holds no VM that is not there, is none, or is read-only", async () => {
    const manager = new Manager({ image: "/nowhere" });
    await assert.rejects(manager.newInstance(join(base, "none")), (e) => isKind(e, "not-found"));
    await assert.rejects(manager.newInstance("none"), (e) => isKind(e, "invalid-argument"));
    writeFileSync(join(base, "file"), "");
    await assert.rejects(manager.newInstance(join(base, "file")), (e) => isKind(e, "invalid-argument"));
    const readOnly = make("read-only");
    chmodSync(readOnly, 0o555);
    await assert.rejects(manager.newInstance(readOnly), /is read-only; .*: use one that can be written to/);
  });

  it("holds one instance at a time, whoever asks first", async () => {
    const manager = new Manager({ image: "/nowhere" });
    const path = make("shared");
    const made = await Promise.allSettled([manager.newInstance(path), manager.newInstance(path)]);
    const [first, second] = [made.find((e) => e.status === "fulfilled"), made.find((e) => e.status === "rejected")];
    assert.ok(first?.status === "fulfilled" && second?.status === "rejected");
    assert.ok(isKind(second.reason, "already-exists"), String(second.reason));
    await Promise.all([first.value.shutdown(), first.value.shutdown()]);
    await (await manager.newInstance(path)).shutdown();
    assert.deepEqual(readdirSync(path), []);
  });

  it("is cleared of what a killed holder left, and of nothing else", async () => {
    const path = make("left");
    writeFileSync(join(path, "mine"), "");
    const own = join(path, "vm");
    mkdirSync(join(own, "shares/12"), { recursive: true });
    for (const name of ["nic-13.sock", "virtiofsd.sock", "vm-processes.json.77"]) writeFileSync(join(own, name), "");
    const child = spawn("sleep", ["600"], { stdio: "ignore" });
    const gone = new Promise((resolve) => child.on("close", resolve));
    const { pid } = child;
    assert.ok(pid !== undefined);
    const started = startTime(pid);
    assert.ok(started !== undefined);
    addVmProcess(own, { pid, what: "qemu" });
    const directory = await StateDirectory.claim(path);
    assert.equal(isAlive(pid, started), false);
    await gone;
    assert.deepEqual(readdirSync(path), ["mine"]);
    directory.prepare();
    assert.deepEqual(readdirSync(path), ["mine", "vm"]);
    await directory.clear();
    assert.deepEqual(readdirSync(path), ["mine"]);
    directory.release();
    directory.release();
  });

  it("is refused where what is not ours stands in our place, which stays", async () => {
    const path = make("foreign");
    mkdirSync(join(path, "vm"));
    writeFileSync(join(path, "vm/photos"), "");
    await assert.rejects(StateDirectory.claim(path), /vm\/photos is no instance's; .*: move it, or use another/);
    assert.deepEqual(readdirSync(join(path, "vm")), ["photos"]);
    rmSync(join(path, "vm/photos"));
    (await StateDirectory.claim(path)).release();
    assert.deepEqual(readdirSync(path), []);
  });
});
