import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseWindowsStdio } from "./windows-uri.ts";

describe("stdio URIs on Windows", () => {
  it("takes pipes by their path or by a URI", () => {
    const pipe = { scheme: "npipe", path: "\\\\.\\pipe\\containerd-1%20-stdout" };
    assert.deepEqual(parseWindowsStdio("\\\\.\\pipe\\containerd-1%20-stdout"), pipe);
    assert.deepEqual(parseWindowsStdio("//./pipe/containerd-1%20-stdout"), pipe);
    assert.deepEqual(parseWindowsStdio("npipe:////./pipe/containerd-1%20-stdout"), pipe);
    assert.equal(parseWindowsStdio(""), undefined);
  });

  it("takes files and loggers on a drive", () => {
    const file = { scheme: "file", path: "C:\\var\\log 1.txt" };
    assert.deepEqual(parseWindowsStdio("file:///C:/var/log%201.txt"), file);
    assert.deepEqual(parseWindowsStdio("file://C:\\var\\log 1.txt"), file);
    assert.deepEqual(parseWindowsStdio("binary:///C:/bin/logger.exe?mode=json&flag&path=C%3A%5Clogs"), {
      scheme: "binary",
      path: "C:\\bin\\logger.exe",
      args: ["mode", "json", "flag", "path", "C:\\logs"],
    });
  });

  for (const uri of [
    "C:\\log.txt",
    "pipe",
    "\\\\.\\pipe\\",
    "\\\\server\\pipe\\x",
    "file://server/share/x",
    "file:////server/share/x",
    "file:////./C:/x",
    "file:///log.txt",
    "file:///C:x",
    "binary:////server/share/logger.exe",
    "binary:///%5C%5Cserver%5Cshare%5Clogger.exe",
    "fifo:///run/x",
    "https://host/log",
  ]) {
    it(`refuses ${uri}`, () => assert.throws(() => parseWindowsStdio(uri), { kind: "invalid-argument" }));
  }
});
