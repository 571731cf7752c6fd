import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type QemuSettings, resolveSettings } from "../../src/config/settings.ts";
import { type ErrorKind, kindOf } from "../../src/errors/shim-error.ts";
import { findQemuFiles, type QemuHost } from "./qemu-files.ts";

describe("what the stack qemu needs of its host", () => {
  let dir = "";
  let host: QemuHost;
  let settings: QemuSettings;
  const at = (...names: string[]): string => join(dir, ...names);
  const put = (path: string, mode = 0o644): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, "");
    chmodSync(path, mode);
  };
  const image = (directory: string): void => {
    for (const name of ["manifest.json", "vmlinuz", "initrd.cpio", "root.erofs"]) put(at(directory, name));
  };
  const refused = (kind: ErrorKind, message: RegExp): void => {
    assert.throws(
      () => findQemuFiles(settings, host),
      (error: Error) => {
        assert.equal(kindOf(error), kind);
        assert.match(error.message, message);
        return true;
      },
    );
  };

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), "qemu-files-"));
    host = {
      platform: "linux",
      arch: "x64",
      program: at("shim/containerd-shim-uvm-v1"),
      path: `${at("one")}:relative:${at("two")}`,
      vhostVsock: at("vhost-vsock"),
    };
    settings = { ...(await resolveSettings({ configBody: "stack = 'qemu'" })).qemu, virtiofsd: at("virtiofsd") };
    put(at("two/qemu-system-x86_64"), 0o755);
    put(at("two/setpriv"), 0o755);
    put(at("virtiofsd"), 0o755);
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it("is found on PATH and beside the executable, an installed image before a built one", () => {
    image("uvm");
    const programs = { binary: at("two/qemu-system-x86_64"), virtiofsd: at("virtiofsd"), setpriv: at("two/setpriv") };
    assert.deepEqual(findQemuFiles(settings, host), { ...programs, image: at("uvm") });
    image("shim");
    assert.equal(findQemuFiles(settings, host).image, at("shim"));
    image("mine");
    settings = { ...settings, image: at("mine"), binary: at("one/qemu") };
    put(at("one/qemu"), 0o755);
    const found = findQemuFiles(settings, host);
    assert.deepEqual([found.image, found.binary], [at("mine"), at("one/qemu")]);
  });

  it("is told by name where it is missing, with how to mend it", () => {
    refused("failed-precondition", /no image .*\/uvm: run make uvm-image, or make install, or set qemu\.image/);
    image("uvm");
    rmSync(at("uvm/vmlinuz"));
    refused("failed-precondition", /has no vmlinuz: run make uvm-image again/);
    settings = { ...settings, image: at("nowhere") };
    refused("failed-precondition", /no image of the VM's guest in \S+nowhere:/);
    rmSync(at("two/setpriv"));
    refused("failed-precondition", /needs setpriv/);
    rmSync(at("virtiofsd"));
    refused("failed-precondition", /needs \S+virtiofsd, .* set qemu\.virtiofsd/);
    chmodSync(at("two/qemu-system-x86_64"), 0o644);
    refused("failed-precondition", /needs qemu-system-x86_64, .*Debian: qemu-system-x86.* set qemu\.binary/);
    settings = { ...settings, channel: "vsock" };
    refused(
      "failed-precondition",
      /is vsock, and \S+vhost-vsock is not there .*: modprobe vhost_vsock, or set qemu\.channel/,
    );
    host = { ...host, arch: "arm64" };
    refused("unimplemented", /x86-64, this is linux on arm64/);
  });
});
