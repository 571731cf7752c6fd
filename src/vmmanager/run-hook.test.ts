import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { isKind } from "../errors/shim-error.ts";
import { hooksOf } from "../oci/hooks.ts";
import { leakedFds, openFds } from "../sys/fd-leaks.ts";
import { type HookState, runHook } from "./run-hook.ts";

const bundle = realpathSync(mkdtempSync(join(tmpdir(), "hook-")));
const state: HookState = { ociVersion: "1.2.0", id: "c1", status: "created", pid: 7, bundle, annotations: { a: "b" } };
const shell = (script: string) => ({ path: "/bin/sh", args: ["hook", "-c", script] });

describe("an OCI hook on this host", () => {
  const before = openFds();
  after(async () => {
    rmSync(bundle, { recursive: true });
    assert.deepEqual(await leakedFds(before), []);
  });

  it("gets the state on its stdin, its own environment, and runs in the bundle", async () => {
    const hook = shell('cat >state; pwd >where; echo "$ONE,$HOME" >env');
    await runHook({ ...hook, env: ["ONE=1=2", "PATH=/usr/bin:/bin"] }, state);
    assert.deepEqual(JSON.parse(readFileSync(join(bundle, "state"), "utf8")), state);
    assert.equal(readFileSync(join(bundle, "where"), "utf8"), `${bundle}\n`);
    assert.equal(readFileSync(join(bundle, "env"), "utf8"), "1=2,\n");
  });

  it("may not read its stdin, and may leave a process behind", () =>
    runHook(shell("exec 0<&-; sleep 1 & exit 0"), state));

  it("fails with what it said", async () => {
    await assert.rejects(
      runHook(shell("echo no address >&2; exit 3"), state),
      (error) => isKind(error, "internal") && /hook \/bin\/sh exited with 3: no address/.test(`${error}`),
    );
    await assert.rejects(runHook({ path: "/no/hook" }, state), (error) => isKind(error, "failed-precondition"));
  });

  it("has its time", async () => {
    const late = runHook({ ...shell("exec sleep 100"), timeout: 0.05 }, state);
    await assert.rejects(late, (error) => isKind(error, "deadline-exceeded"));
  });

  it("is what the spec names, by an absolute path", () => {
    const hooks = { createRuntime: [{ path: "/a" }], poststop: [{ path: "b" }], prestart: 7 };
    const spec = { ociVersion: "1.2.0", hooks };
    assert.deepEqual(hooksOf(spec, "createRuntime"), [{ path: "/a" }]);
    assert.deepEqual([hooksOf(spec, "poststart"), hooksOf({ ociVersion: "1.2.0" }, "poststop")], [[], []]);
    for (const stage of ["poststop", "prestart"] as const) {
      assert.throws(
        () => hooksOf(spec, stage),
        (error) => isKind(error, "invalid-argument"),
      );
    }
  });

  it("is refused where nothing can be run of it; null is absent, and any timeout fits the timer", () => {
    const of = (...prestart: unknown[]) => hooksOf({ ociVersion: "1.2.0", hooks: { prestart } }, "prestart");
    for (const wrong of [
      ...[null, [], "x", { path: 5 }, { path: "/a", args: "a" }, { path: "/a", args: [5] }, { path: "/a", env: {} }],
      ...[
        { path: "/a", env: ["A=\0"] },
        { path: "/a", timeout: "5" },
        { path: "/a", timeout: -1 },
      ],
      { path: "/a", timeout: { valueOf: 1, toString: 1 } },
    ]) {
      assert.throws(
        () => of(wrong),
        (error) => isKind(error, "invalid-argument"),
      );
    }
    assert.deepEqual(of({ path: "/a", args: null, env: null, timeout: null }), [{ path: "/a" }]);
    assert.deepEqual(of({ path: "/a", timeout: 2 ** 40 }), [{ path: "/a", timeout: 2_000_000 }]);
  });
});
