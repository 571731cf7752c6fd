import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Options as RunhcsOptions } from "../../generated/containerd/runhcs/v1.ts";
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

  it("have the spec and the options of runhcs where the stack is HCS: the create's own, else the pod's", () => {
    const encode = (vmMemorySizeInMb: number) =>
      Buffer.from(RunhcsOptions.encode(RunhcsOptions.create({ vmMemorySizeInMb }))).toString("base64");
    const spec = { ociVersion: "1.0.2", annotations: { a: "b" }, linux: {} };
    const memory = (ofPod: string | undefined, ofCreate?: string) => {
      const runtime = ofCreate === undefined ? undefined : { runhcs: ofCreate };
      const made = uvmOptions({ ...pod, ...(ofPod !== undefined && { runhcs: ofPod }) }, runtime, spec, undefined);
      if (made.runhcs !== undefined) assert.equal(made.runhcs.spec, spec);
      return made.runhcs?.options.vmMemorySizeInMb;
    };
    assert.equal(memory(undefined), undefined);
    assert.equal(memory(undefined, encode(512)), undefined);
    assert.equal(memory(""), 0);
    assert.equal(memory(encode(1024)), 1024);
    assert.equal(memory(encode(1024), encode(2048)), 2048);
  });
});
