// Generated from proto/ (package containerd.runhcs.v1) by scripts/generate-proto. Do not edit.

import { Timestamp } from "../../google/protobuf.ts";
import { type MessageType, endOf, finish, messageType, readString, readUint64, writeInt64 } from "../../wire.ts";

/**
 * Where the shim's own log goes. (Upstream nests both enums in Options: the wire is the same.)
 * An open enum: numbers without a name pass through `decode` and `encode` unchanged.
 */
export const DebugType = {
  NPIPE: 0,
  FILE: 1,
  ETW: 2,
} as const;
export type DebugType = (typeof DebugType)[keyof typeof DebugType];

/**
 * What a Windows sandbox is isolated by.
 * An open enum: numbers without a name pass through `decode` and `encode` unchanged.
 */
export const SandboxIsolation = {
  PROCESS: 0,
  HYPERVISOR: 1,
} as const;
export type SandboxIsolation = (typeof SandboxIsolation)[keyof typeof SandboxIsolation];

/** The runtime's options of one containerd runtime handler: what holds for each of its sandboxes. */
export interface Options {
  /** Debug logs of the shim; log_level goes over it. */
  debug: boolean;
  debugType: DebugType;
  registryRoot: string;
  /** Of the pause container. */
  sandboxImage: string;
  /** "windows/amd64", "linux/amd64" or "linux/arm64", in any case. */
  sandboxPlatform: string;
  sandboxIsolation: SandboxIsolation;
  /** Kernel and root file system of an LCOW VM, boot disks of a confidential WCOW VM; empty: beside the shim. */
  bootFilesRootPath: string;
  /** 0 or less: 2, or 1 on a host with one. */
  vmProcessorCount: number;
  /** MiB; 0 or less: 1024. */
  vmMemorySizeInMb: number;
  GPUVHDPath: string;
  /** A container's share of processors is of the VM's, not of the host's. */
  scaleCpuLimitsToSandbox: boolean;
  /** GiB; 0: 20. */
  defaultContainerScratchSizeInGb: number;
  /** GiB, WCOW; 0: the size of the layer's template. */
  defaultVmScratchSizeInGb: number;
  /** The containers of a pod write to one scratch disk, LCOW. */
  shareScratch: boolean;
  NCProxyAddr: string;
  /** A name of logrus' levels: "trace" to "panic". */
  logLevel: string;
  /** How long stdio is dialed again after containerd has gone; 0: for ever. */
  ioRetryTimeoutInSec: number;
  /** Fill what a sandbox's or container's spec does not say. */
  defaultContainerAnnotations: Map<string, string>;
  noInheritHostTimezone: boolean;
  /** Unset: logs are scrubbed. */
  scrubLogs?: boolean | undefined;
}
export const Options: MessageType<Options> = messageType<Options>(
  "containerd.runhcs.v1.Options",
  () => ({ debug: false, debugType: 0, registryRoot: "", sandboxImage: "", sandboxPlatform: "", sandboxIsolation: 0, bootFilesRootPath: "", vmProcessorCount: 0, vmMemorySizeInMb: 0, GPUVHDPath: "", scaleCpuLimitsToSandbox: false, defaultContainerScratchSizeInGb: 0, defaultVmScratchSizeInGb: 0, shareScratch: false, NCProxyAddr: "", logLevel: "", ioRetryTimeoutInSec: 0, defaultContainerAnnotations: new Map(), noInheritHostTimezone: false, scrubLogs: undefined }),
  (m, w) => {
    if (m.debug) w.uint32(8).bool(m.debug);
    if (m.debugType !== 0) w.uint32(16).int32(m.debugType);
    if (m.registryRoot !== "") w.uint32(26).string(m.registryRoot);
    if (m.sandboxImage !== "") w.uint32(34).string(m.sandboxImage);
    if (m.sandboxPlatform !== "") w.uint32(42).string(m.sandboxPlatform);
    if (m.sandboxIsolation !== 0) w.uint32(48).int32(m.sandboxIsolation);
    if (m.bootFilesRootPath !== "") w.uint32(58).string(m.bootFilesRootPath);
    if (m.vmProcessorCount !== 0) w.uint32(64).int32(m.vmProcessorCount);
    if (m.vmMemorySizeInMb !== 0) w.uint32(72).int32(m.vmMemorySizeInMb);
    if (m.GPUVHDPath !== "") w.uint32(82).string(m.GPUVHDPath);
    if (m.scaleCpuLimitsToSandbox) w.uint32(88).bool(m.scaleCpuLimitsToSandbox);
    if (m.defaultContainerScratchSizeInGb !== 0) w.uint32(96).int32(m.defaultContainerScratchSizeInGb);
    if (m.defaultVmScratchSizeInGb !== 0) w.uint32(104).int32(m.defaultVmScratchSizeInGb);
    if (m.shareScratch) w.uint32(112).bool(m.shareScratch);
    if (m.NCProxyAddr !== "") w.uint32(122).string(m.NCProxyAddr);
    if (m.logLevel !== "") w.uint32(130).string(m.logLevel);
    if (m.ioRetryTimeoutInSec !== 0) w.uint32(136).int32(m.ioRetryTimeoutInSec);
    for (const [key, value] of m.defaultContainerAnnotations) {
      w.uint32(146).fork();
      w.uint32(10).string(key);
      w.uint32(18).string(value);
      w.ldelim();
    }
    if (m.noInheritHostTimezone) w.uint32(152).bool(m.noInheritHostTimezone);
    if (m.scrubLogs !== undefined) w.uint32(160).bool(m.scrubLogs);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.debug = r.bool();
          break;
        case 16:
          m.debugType = r.int32() as DebugType;
          break;
        case 26:
          m.registryRoot = readString(r);
          break;
        case 34:
          m.sandboxImage = readString(r);
          break;
        case 42:
          m.sandboxPlatform = readString(r);
          break;
        case 48:
          m.sandboxIsolation = r.int32() as SandboxIsolation;
          break;
        case 58:
          m.bootFilesRootPath = readString(r);
          break;
        case 64:
          m.vmProcessorCount = r.int32();
          break;
        case 72:
          m.vmMemorySizeInMb = r.int32();
          break;
        case 82:
          m.GPUVHDPath = readString(r);
          break;
        case 88:
          m.scaleCpuLimitsToSandbox = r.bool();
          break;
        case 96:
          m.defaultContainerScratchSizeInGb = r.int32();
          break;
        case 104:
          m.defaultVmScratchSizeInGb = r.int32();
          break;
        case 112:
          m.shareScratch = r.bool();
          break;
        case 122:
          m.NCProxyAddr = readString(r);
          break;
        case 130:
          m.logLevel = readString(r);
          break;
        case 136:
          m.ioRetryTimeoutInSec = r.int32();
          break;
        case 146: {
          const last = endOf(r, end);
          let key: string = "";
          let value: string = "";
          while (r.pos < last) {
            const inner = r.tag();
            if (inner === 10) key = readString(r);
            else if (inner === 18) value = readString(r);
            else r.skip(inner);
          }
          finish(r, last, m.defaultContainerAnnotations.set(key, value));
          break;
        }
        case 152:
          m.noInheritHostTimezone = r.bool();
          break;
        case 160:
          m.scrubLogs = r.bool();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** One process of a container, packed in the info that Task.Pids answers. */
export interface ProcessDetails {
  imageName: string;
  createdAt?: Timestamp | undefined;
  /** In 100 ns, as user_time_100_ns. */
  kernelTime100Ns: bigint;
  memoryCommitBytes: bigint;
  memoryWorkingSetPrivateBytes: bigint;
  memoryWorkingSetSharedBytes: bigint;
  processId: number;
  userTime100Ns: bigint;
  execId: string;
}
export const ProcessDetails: MessageType<ProcessDetails> = messageType<ProcessDetails>(
  "containerd.runhcs.v1.ProcessDetails",
  () => ({ imageName: "", createdAt: undefined, kernelTime100Ns: 0n, memoryCommitBytes: 0n, memoryWorkingSetPrivateBytes: 0n, memoryWorkingSetSharedBytes: 0n, processId: 0, userTime100Ns: 0n, execId: "" }),
  (m, w) => {
    if (m.imageName !== "") w.uint32(10).string(m.imageName);
    if (m.createdAt !== undefined) {
      w.uint32(18).fork();
      Timestamp.write(m.createdAt, w);
      w.ldelim();
    }
    if (m.kernelTime100Ns !== 0n) writeInt64(w.uint32(24), m.kernelTime100Ns);
    if (m.memoryCommitBytes !== 0n) writeInt64(w.uint32(32), m.memoryCommitBytes);
    if (m.memoryWorkingSetPrivateBytes !== 0n) writeInt64(w.uint32(40), m.memoryWorkingSetPrivateBytes);
    if (m.memoryWorkingSetSharedBytes !== 0n) writeInt64(w.uint32(48), m.memoryWorkingSetSharedBytes);
    if (m.processId !== 0) w.uint32(56).uint32(m.processId);
    if (m.userTime100Ns !== 0n) writeInt64(w.uint32(64), m.userTime100Ns);
    if (m.execId !== "") w.uint32(74).string(m.execId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.imageName = readString(r);
          break;
        case 18:
          m.createdAt = Timestamp.read(r, endOf(r, end), m.createdAt ?? Timestamp.create());
          break;
        case 24:
          m.kernelTime100Ns = readUint64(r);
          break;
        case 32:
          m.memoryCommitBytes = readUint64(r);
          break;
        case 40:
          m.memoryWorkingSetPrivateBytes = readUint64(r);
          break;
        case 48:
          m.memoryWorkingSetSharedBytes = readUint64(r);
          break;
        case 56:
          m.processId = r.uint32();
          break;
        case 64:
          m.userTime100Ns = readUint64(r);
          break;
        case 74:
          m.execId = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);
