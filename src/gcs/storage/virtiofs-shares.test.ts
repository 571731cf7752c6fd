import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { invalidArgument, isKind, ShimError } from "../../errors/shim-error.ts";
import { MS } from "../../sys/mount-options.ts";
import type { MountRequest } from "./ports.ts";
import { virtiofsShares } from "./virtiofs-shares.ts";

describe("virtio-fs shares", () => {
  let directory = "";
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "gcs-shares-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  /** `refusals`: what the first mounts come to; taken from the list as they are used. */
  function guest(refusals: ShimError[] = [], withinMs = 30_000) {
    const mounts: MountRequest[] = [];
    let drops = 0;
    const calls = {
      mount(request: MountRequest) {
        mounts.push(request);
        const refusal = refusals.shift();
        if (refusal !== undefined) throw refusal;
      },
      unmount() {},
    };
    const root = join(directory, "shares");
    const shares = virtiofsShares(calls, { root, withinMs, dropDentries: () => void drops++ });
    const resolve = (name: string) => shares.resolve({ name, port: 0, readOnly: false });
    return { resolve, shares, mounts, root, drops: () => drops };
  }
  const noDevice = invalidArgument("no such tag");

  it("come from one mount, made with the first of them", async () => {
    const { resolve, mounts, root } = guest();
    const [first] = await Promise.all([resolve("a"), resolve("b")]);
    assert.deepEqual(first, { source: join(root, "a"), type: "", flags: MS.BIND, data: "" });
    assert.deepEqual(mounts, [{ source: "uvm", target: root, type: "virtiofs", flags: 0, data: "" }]);
  });

  it("wait for a device that is being plugged in", async () => {
    const { resolve, mounts } = guest([noDevice, noDevice]);
    await resolve("a");
    assert.equal(mounts.length, 3);
  });

  it("fail where none comes, and can be tried again", async () => {
    const refusals = Array<ShimError>(1000).fill(noDevice);
    const { resolve } = guest(refusals, 50);
    await assert.rejects(
      resolve("a"),
      (error: Error) => isKind(error, "not-found") && /device "uvm"/.test(error.message),
    );
    refusals.length = 0;
    await resolve("a");
  });

  it("fail at once for what waiting does not mend", async () => {
    const { resolve, mounts } = guest([new ShimError("permission-denied", "no")]);
    await assert.rejects(resolve("a"), (error) => isKind(error, "permission-denied"));
    assert.equal(mounts.length, 1);
  });

  it("make the kernel forget, once there was a share", async () => {
    const { shares, resolve, drops } = guest();
    shares.released?.();
    assert.equal(drops(), 0);
    await resolve("a");
    shares.released?.();
    assert.equal(drops(), 1);
  });

  for (const name of ["", ".", "..", "a/b", "a\0b"]) {
    it(`refuse the name ${JSON.stringify(name)}`, () =>
      assert.rejects(guest().resolve(name), (error) => isKind(error, "invalid-argument")));
  }
});
