import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { deferred } from "../deadline.ts";
import { HostHooks } from "./host-hooks.ts";
import { hooksPaid, type OwedHooks, owedHooks, oweHooks } from "./owed-hooks.ts";

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

  it("are accounted for from before the first until after the last, where poststop hooks are to come", async () => {
    const stateDirectory = mkdtempSync(join(tmpdir(), "host-hooks-"));
    try {
      const seen: unknown[] = [];
      const account = {
        owe: (container: OwedHooks) => oweHooks(stateDirectory, container),
        paid: (id: string) => hooksPaid(stateDirectory, id),
      };
      const live = async (id: string, stages: object): Promise<void> => {
        const spec = { ociVersion: "1.0.2", hooks: { prestart: [{ path: "/cni" }], ...stages } };
        const run = async () => void seen.push(owedHooks(stateDirectory));
        const hooks = new HostHooks({ id, bundle: "/b", spec, run, account, warn: () => {} });
        await hooks.creating(1);
        await hooks.deleted();
      };
      await live("c1", { poststop: [{ path: "/down" }] });
      await live("c2", {});
      const owed = [{ id: "c1", bundle: "/b" }];
      assert.deepEqual(seen, [owed, owed, []]);
      assert.deepEqual(owedHooks(stateDirectory), []);
      for (const [name, text] of [
        ["half", '{"id":"half"'],
        ["other", '{"id":"c9","bundle":"/b"}'],
        ["c3", '{"id":"c3","bundle":"b"}'],
      ] as const) {
        writeFileSync(join(stateDirectory, "poststop", name), text);
      }
      assert.deepEqual(owedHooks(stateDirectory), []);
    } finally {
      rmSync(stateDirectory, { recursive: true });
    }
  });
});
