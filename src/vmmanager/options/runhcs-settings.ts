import { invalidArgument } from "../../errors/shim-error.ts";
import { DebugType, type Options, SandboxIsolation } from "../../generated/containerd/runhcs/v1.ts";

const LEVELS = ["panic", "fatal", "error", "warning", "info", "debug", "trace"] as const;
const SCRATCH_GIB = 20;

/** What the runtime options say of the shim itself and of all its containers; of a VM's size they speak in its own options. */
export interface RunhcsSettings {
  readonly logLevel: (typeof LEVELS)[number];
  readonly logTo: "pipe" | "file" | "etw";
  readonly scrubLogs: boolean;
  readonly registryRoot: string;
  readonly sandboxImage: string;
  readonly hypervisor: boolean;
  readonly gpuVhdPath: string;
  readonly scaleCpuLimits: boolean;
  readonly containerScratchGiB: number;
  /** 0: the template's own. */
  readonly vmScratchGiB: number;
  readonly shareScratch: boolean;
  /** Undefined: for ever. */
  readonly ioRetryTimeoutMs?: number;
}

/** Throws invalid-argument for a log level that logrus has not. */
export function runhcsSettings(options: Options): RunhcsSettings {
  const level = options.logLevel.toLowerCase();
  const named = LEVELS.find((known) => known === (level === "warn" ? "warning" : level));
  if (level !== "" && named === undefined) {
    throw invalidArgument(`log level ${JSON.stringify(options.logLevel)} is not one of ${LEVELS.join(", ")}`);
  }
  const { debugType, ioRetryTimeoutInSec } = options;
  return {
    logLevel: named ?? (options.debug ? "debug" : "info"),
    logTo: debugType === DebugType.FILE ? "file" : debugType === DebugType.ETW ? "etw" : "pipe",
    scrubLogs: options.scrubLogs ?? true,
    registryRoot: options.registryRoot,
    sandboxImage: options.sandboxImage,
    hypervisor: options.sandboxIsolation === SandboxIsolation.HYPERVISOR,
    gpuVhdPath: options.GPUVHDPath,
    scaleCpuLimits: options.scaleCpuLimitsToSandbox,
    containerScratchGiB:
      options.defaultContainerScratchSizeInGb > 0 ? options.defaultContainerScratchSizeInGb : SCRATCH_GIB,
    vmScratchGiB: Math.max(0, options.defaultVmScratchSizeInGb),
    shareScratch: options.shareScratch,
    ...(ioRetryTimeoutInSec > 0 ? { ioRetryTimeoutMs: ioRetryTimeoutInSec * 1000 } : {}),
  };
}
