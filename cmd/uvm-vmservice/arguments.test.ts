import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { close, open, tryLock } from "../../src/sys/libc.ts";
import { parseArguments } from "./arguments.ts";
import { holdPidfile } from "./pidfile.ts";

describe("the command line of uvm-vmservice", () => {
  const refused = (args: readonly string[]): string => {
    let said = "";
    assert.throws(() => parseArguments(args, (text) => (said += text)));
    return said;
  };

  it("names the socket as OpenVMM's does, and has defaults for the rest", () => {
    const rest = {
      ...{ qemu: "qemu-system-x86_64", virtiofsd: "/usr/lib/qemu/virtiofsd", accel: "auto" },
      ...{ logLevel: "info", endWithParent: false },
    };
    const expected = { socket: "/run/x.sock", stateDirectory: "/run/x.sock.state", ...rest };
    for (const args of [
      ["--rpc", "path=/run/x.sock"],
      ["--rpc", "path=/run/x.sock,transport=ttrpc"],
      ["--rpc=transport=auto,path=/run/x.sock"],
      ["--ttrpc", "/run/x.sock"],
    ]) {
      assert.deepEqual(parseArguments(args, assert.fail), expected);
    }
    const more = ["--pidfile", "/p", "--state-directory", "/s", "--accel", "tcg", "--end-with-parent"];
    const { pidfile, stateDirectory, accel, endWithParent } = parseArguments(["--ttrpc", "/x", ...more], assert.fail);
    assert.deepEqual([pidfile, stateDirectory, accel, endWithParent], ["/p", "/s", "tcg", true]);
  });

  it("is refused with what is wrong", () => {
    assert.match(refused([]), /name the socket/);
    assert.match(refused(["--rpc", "path=/a", "--ttrpc", "/a"]), /once/);
    assert.match(refused(["--rpc", "path=a"]), /absolute/);
    assert.match(refused(["--rpc", "/a"]), /no \/a/);
    assert.match(refused(["--rpc", "path=/a,transport=grpc"]), /grpc is not served/);
    assert.match(refused(["--ttrpc", "/a", "--accel", "whpx"]), /kvm/);
    assert.match(refused(["--ttrpc", "/a", "more"]), /too many/);
  });
});

describe("the pidfile", () => {
  const directory = mkdtempSync(join(tmpdir(), "uvm-pidfile-"));
  after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "pid");

  it("is ours while we hold it, in place of one that nobody holds, and goes with us", () => {
    writeFileSync(path, "1234567890\n");
    const release = holdPidfile(path);
    assert.equal(readFileSync(path, "utf8"), `${process.pid}\n`);
    const fd = open(path, 0);
    assert.equal(tryLock(fd), false);
    assert.throws(() => holdPidfile(path), { kind: "failed-precondition" });
    release();
    assert.equal(tryLock(fd), true);
    close(fd);
    assert.throws(() => readFileSync(path), { code: "ENOENT" });
  });

  it("of somebody else that has taken its place stays", () => {
    const release = holdPidfile(path);
    rmSync(path);
    writeFileSync(path, "1\n");
    release();
    assert.equal(readFileSync(path, "utf8"), "1\n");
  });
});
