import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PodOptions } from "./ports.ts";
import { uvmOptions } from "./uvm-options.ts";

describe("the options of a pod's VM", () => {
  const pod = { id: "p1", stateDirectory: "/state" } as PodOptions;
  const score = (oomScoreAdj: unknown, role?: string) => {
    const annotations = role === undefined ? {} : { "io.kubernetes.cri.container-type": role };
    const spec = { ociVersion: "1.0.2", process: { cwd: "/", oomScoreAdj }, annotations };
    return uvmOptions(pod, undefined, spec, undefined).oomScoreAdj;
  };

  it("have the OOM score of the container that it is made for, and not that of CRI's sandbox", () => {
    assert.equal(score(500), 500);
    assert.equal(score(-997, "container"), -997);
    assert.equal(score(-998, "sandbox"), undefined);
    for (const nonsense of [undefined, "1", 1.5]) assert.equal(score(nonsense), undefined);
  });
});
