import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { lastLogError, runcErrorKind, runcFailure } from "./runc-error.ts";

describe("runc's errors", () => {
  for (const [text, kind] of [
    ["container with given ID already exists", "already-exists"],
    ["container does not exist", "not-found"],
    [
      'runc create failed: unable to start container process: exec: "nope": executable file not found in $PATH',
      "invalid-argument",
    ],
    [
      'exec failed: unable to start container process: exec: "/nope": stat /nope: no such file or directory',
      "invalid-argument",
    ],
    ['unable to start container process: exec: "/etc/passwd": permission denied', "invalid-argument"],
    ["cannot start an already running container", "failed-precondition"],
    ["cannot start a container that has stopped", "failed-precondition"],
    ["exec failed: cannot exec in a stopped container", "failed-precondition"],
    ["exec failed: cannot exec in a paused container (use --ignore-paused to override)", "failed-precondition"],
    ["cannot delete container t2 that is not stopped: running", "failed-precondition"],
    ["container not paused", "failed-precondition"],
    ["container not running", "failed-precondition"],
    ["runc create failed: chdir /nope: no such file or directory", "invalid-argument"],
    ["runc create failed: invalid rootfs: stat /x: no such file or directory", "invalid-argument"],
    ["json: cannot unmarshal string into Go struct field Spec.mounts", "invalid-argument"],
    ["Exec format error", "internal"],
  ] as const) {
    it(`takes "${text}" for ${kind}`, () => assert.equal(runcErrorKind(text), kind));
  }

  it("reads the last error line of a log and skips what is no error or no JSON", () => {
    const log = [
      '{"level":"error","msg":"first","time":"t"}',
      '{"level":"error","msg":"exec: \\"nope\\": not found\\n","time":"t"}',
      '{"level":"warning","msg":"later","time":"t"}',
      "panic: runtime error",
      "",
    ].join("\n");
    assert.equal(lastLogError(log), 'exec: "nope": not found');
    assert.equal(lastLogError(""), undefined);
    assert.equal(lastLogError("null\n[]\n"), undefined);
  });

  it("falls back to stderr, to the raw log, and to the exit code", async () => {
    const directory = await mkdtemp(join(tmpdir(), "gcs-runc-error-"));
    try {
      const log = join(directory, "log");
      const failure = (stderr: string) => runcFailure('container "c1"', "start", 7, log, stderr);
      assert.equal((await failure("")).message, 'container "c1": OCI runtime start failed: runc exited with 7');
      await writeFile(log, "panic: nil map\n");
      assert.equal((await failure("")).message, 'container "c1": OCI runtime start failed: panic: nil map');
      assert.equal((await failure("boom\n")).message, 'container "c1": OCI runtime start failed: boom');
      await writeFile(log, '{"level":"error","msg":"container does not exist"}\n');
      const error = await failure("boom\n");
      assert.equal(error.message, 'container "c1": OCI runtime start failed: container does not exist');
      assert.equal(error.kind, "not-found");
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
