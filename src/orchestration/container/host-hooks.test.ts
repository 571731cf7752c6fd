import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deferred } from "../deadline.ts";
import { HostHooks } from "./host-hooks.ts";

describe("the hooks of a container on this host", () => {
  it("of a cancelled create come to their end before they are taken back, and no further one begins", async () => {
    const held = deferred<void>();
    const steps: string[] = [];
    const hooks = new HostHooks({
      ...{ id: "c1", bundle: "/b", warn: () => {} },
      spec: {
        ociVersion: "1.0.2",
        hooks: { prestart: [{ path: "/cni" }], createRuntime: [{ path: "/more" }], poststop: [{ path: "/down" }] },
      },
      run: async ({ path }) => {
        steps.push(`begin ${path}`);
        if (path === "/cni") await held.promise;
        steps.push(`end ${path}`);
      },
    });
    const creating = hooks.creating(1);
    const deleted = hooks.deleted();
    await new Promise(setImmediate);
    held.resolve();
    await Promise.all([creating, deleted]);
    assert.deepEqual(steps, ["begin /cni", "end /cni", "begin /down", "end /down"]);
  });
});
