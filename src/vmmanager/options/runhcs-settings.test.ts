import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DebugType, Options, SandboxIsolation } from "../../generated/containerd/runhcs/v1.ts";
import { runhcsSettings } from "./runhcs-settings.ts";

const none = {
  ...{ logLevel: "info", logTo: "pipe", scrubLogs: true, registryRoot: "", sandboxImage: "", hypervisor: false },
  ...{ gpuVhdPath: "", scaleCpuLimits: false, containerScratchGiB: 20, vmScratchGiB: 0, shareScratch: false },
};

describe("the runhcs options", () => {
  const cases: readonly (readonly [shows: string, options: Partial<Options>, gives: object])[] = [
    ["none", {}, {}],
    ["debug", { debug: true }, { logLevel: "debug" }],
    ["a log level goes over debug", { debug: true, logLevel: "error" }, { logLevel: "error" }],
    ["a log level in capitals", { logLevel: "TRACE" }, { logLevel: "trace" }],
    ["warn is warning", { logLevel: "warn" }, { logLevel: "warning" }],
    ["logs to a file", { debugType: DebugType.FILE }, { logTo: "file" }],
    ["logs to ETW", { debugType: DebugType.ETW }, { logTo: "etw" }],
    ["logs that are not scrubbed", { scrubLogs: false }, { scrubLogs: false }],
    ["a registry root", { registryRoot: "r" }, { registryRoot: "r" }],
    ["a sandbox image", { sandboxImage: "pause" }, { sandboxImage: "pause" }],
    ["a hypervisor", { sandboxIsolation: SandboxIsolation.HYPERVISOR }, { hypervisor: true }],
    ["a GPU's VHD", { GPUVHDPath: "g" }, { gpuVhdPath: "g" }],
    ["limits by the VM's processors", { scaleCpuLimitsToSandbox: true }, { scaleCpuLimits: true }],
    ["the size of containers' scratch", { defaultContainerScratchSizeInGb: 40 }, { containerScratchGiB: 40 }],
    ["the size of a VM's scratch", { defaultVmScratchSizeInGb: 30 }, { vmScratchGiB: 30 }],
    ["one scratch for all", { shareScratch: true }, { shareScratch: true }],
    ["stdio is dialed for so long", { ioRetryTimeoutInSec: 5 }, { ioRetryTimeoutMs: 5000 }],
  ];
  for (const [shows, options, gives] of cases) {
    it(shows, () => assert.deepEqual(runhcsSettings(Options.create(options)), { ...none, ...gives }));
  }

  it("an unknown log level", () => {
    assert.throws(() => runhcsSettings(Options.create({ logLevel: "loud" })), /"loud" is not one of panic/);
  });

  it("have the numbers of hcsshim's on the wire", () => {
    const [vmProcessorCount, scrubLogs] = [4, false];
    const bytes = Options.encode(
      Options.create({
        ...{ debug: true, sandboxPlatform: "linux/amd64", vmProcessorCount, NCProxyAddr: "p", scrubLogs },
        defaultContainerAnnotations: new Map([["k", "v"]]),
      }),
    );
    const hex = "0801" + "2a0b6c696e75782f616d643634" + "4004" + "7a0170" + "9201060a016b120176" + "a00100";
    assert.equal(Buffer.from(bytes).toString("hex"), hex);
    assert.deepEqual(Options.decode(bytes).scrubLogs, false);
  });
});
