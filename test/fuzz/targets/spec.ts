import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ShimError } from "../../../src/errors/shim-error.ts";
import { hooksOf } from "../../../src/oci/hooks.ts";
import { parseJson, stringifyJson } from "../../../src/oci/json.ts";
import { parseSpec, type Spec } from "../../../src/oci/spec.ts";
import { guestDocument, sharesPids } from "../../../src/orchestration/container/document.ts";
import { guestProcess, guestSpec } from "../../../src/orchestration/container/guest-spec.ts";
import { guestMount } from "../../../src/orchestration/container/mount-plan.ts";
import { planRootfs } from "../../../src/orchestration/container/rootfs-plan.ts";
import { needsShares, planStorage } from "../../../src/orchestration/container/storage.ts";
import type { Mount } from "../../../src/orchestration/events.ts";
import { PodNetwork } from "../../../src/orchestration/network/pod-network.ts";
import { podOf } from "../../../src/shim/grouping.ts";
import { claimOf, sizeOf, sizeUvm } from "../../../src/vmmanager/options/sizing.ts";
import { damageBytes, either } from "../damage.ts";
import { damageJson } from "../damage-json.ts";
import type { Target } from "../target.ts";

const configured = { processors: 1, maxProcessors: 4, memoryMiB: 256, maxMemoryMiB: 4096 };
const kinds = { img: "file", null: "character-device", sock: "socket", sda: "block-device", none: "missing" } as const;
const files = {
  kindOf(path: string) {
    for (const [word, kind] of Object.entries(kinds)) if (path.includes(word)) return kind;
    return "directory";
  },
  tmpfsSize: (path: string) => (path.length % 2 === 0 ? 65_536 : undefined),
};
const uvm = { stack: "local", guestPath: (path: string) => path.replace("/", "/guest/") };

/** A bundle's config.json: what is read of it on its way into a VM. */
export function spec(): Target {
  const bundle = mkdtempSync(join(tmpdir(), "uvm-fuzz-"));
  let count = 0;
  return {
    name: "spec",
    weight: 15,
    damage: either(damageJson, damageJson, damageJson, damageBytes),
    run(input) {
      const parsed = parseSpec(Buffer.from(input).toString("utf8"), "config.json");
      if (count++ % 16 === 0) {
        writeFileSync(join(bundle, "config.json"), input);
        podOf(bundle, "id");
      }
      return checked(parsed, bundle);
    },
    async close() {
      rmSync(bundle, { recursive: true, force: true });
    },
  };
}

/** Each part is asked, whatever the others say; the first refusal is the outcome. */
function checked(parsed: Spec, bundle: string) {
  const refusals: ShimError[] = [];
  const attempt = (step: () => unknown): void => {
    try {
      step();
    } catch (error) {
      if (!(error instanceof ShimError)) throw error;
      refusals.push(error);
    }
  };
  const dropped = (what: string): void => assert.equal(typeof what, "string");
  const size = { configured, hostProcessors: 4, hostMemoryMiB: 8192, warn: dropped };
  attempt(() => {
    for (const value of Object.values(sizeUvm({ pod: "p", ...size, spec: parsed }))) {
      assert.ok(Number.isSafeInteger(value) && value > 0, `size ${value}`);
    }
  });
  attempt(() => {
    const { processors, memoryMiB } = sizeOf([claimOf(parsed.linux?.resources ?? {})]);
    assert.ok(!Number.isNaN(processors + memoryMiB));
  });
  for (const stage of ["prestart", "createRuntime", "poststart", "poststop"] as const) {
    attempt(() => {
      for (const { path, args = [], env = [], timeout = 1 } of hooksOf(parsed, stage)) {
        for (const text of [path, ...args, ...env]) assert.equal(typeof text, "string", "a hook");
        assert.ok(Number.isFinite(timeout * 1000), "a hook's timeout");
      }
    });
  }
  attempt(() => networkOf(parsed));
  sharesPids(parsed);
  attempt(() => stringifyJson(guestDocument({ id: "id", bundle, guestBundle: "/b", spec: parsed }, uvm as never)));
  attempt(() => planRootfs(rootfsOf(parsed), files.kindOf));
  let mounts = parsed.mounts ?? [];
  attempt(() => {
    const plan = planStorage({ id: "id", bundle, rootfs: [] } as never, parsed, files);
    needsShares(plan);
    mounts = plan.mounts.map((mount) => guestMount(mount, "/run/mounts/m0"));
  });
  attempt(() => {
    const place = { id: "id", rootPath: "/r", mounts, dropped, sandboxPid: 7, networkNamespaceId: undefined };
    const text = stringifyJson(guestSpec(parsed, place));
    assert.equal(stringifyJson(parseJson(text)), text);
  });
  attempt(() => stringifyJson(guestProcess(parsed.process ?? { cwd: "/" }, { dropped })));
  if (refusals[0] !== undefined) throw refusals[0];
  return "ok" as const;
}

function networkOf(parsed: Spec): void {
  const host = { removeNamespace() {}, makeNamespace() {} };
  const network = new PodNetwork({ podId: "p", stateDirectory: "/s", host: host as never, warn() {} });
  const path = network.open(parsed);
  assert.ok(path === undefined || typeof path === "string");
}

/** As containerd would send them: texts, and no more than a protobuf carries. */
function rootfsOf({ mounts = [] }: Spec): Mount[] {
  return mounts.slice(0, 16).map(({ type = "", source = "", options = [], destination }) => {
    return { type, source, options: [...options], target: destination.length > 20 ? destination : "" };
  });
}
