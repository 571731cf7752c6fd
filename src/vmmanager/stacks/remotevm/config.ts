import { type CreateVMRequest, VMConfig, VMConfigGuestPowerAction } from "../../../generated/vmservice.ts";
import type { ScsiLocation } from "../../scsi.ts";
import { rootComplex } from "./pcie.ts";

/** All that a VM of a service is made by. */
export interface RemoteDocument {
  readonly id: string;
  readonly processors: number;
  readonly memoryMiB: number;
  readonly kernel: string;
  readonly initrd: string;
  /** The image of the guest's root file system: its first disk, read-only. */
  readonly root: string;
  readonly kernelArguments: readonly string[];
  /** A disk that nobody uses: a service plugs disks in only where the VM was made with one. */
  readonly anchor: string;
  /** The directory in which shares appear. */
  readonly shares: string;
  /** Sockets of ours: one that listens, and the path that those of the guest's ports begin with. */
  readonly console: string;
  readonly vsock: string;
}

/** One controller: the service hot-adds to no other. */
export const SCSI_LUNS = 64;
export const ANCHOR: ScsiLocation = { controller: 0, lun: SCSI_LUNS - 1 };
/** By which the guest finds its shares. */
export const SHARES_TAG = "uvm";

const KERNEL_ARGUMENTS = [
  ...["console=ttyS0", "quiet", "panic=-1", "reboot=t", "memhp_default_state=online_movable"],
  // Each port of the host's is a vsock port, where no virtio-serial port is there to carry them all.
  "uvm.vsock=ports",
];

/**
 * What CreateVM is asked for. Nothing is in it that OpenVMM's service passes over without a word (VPMem, weights and limits
 * of processors, hints about memory, a disk's type): who asks this stack for such a thing is refused here.
 */
export function createRequest(document: RemoteDocument): CreateVMRequest {
  const { id, processors, memoryMiB, kernel, initrd, root, kernelArguments } = document;
  const halt = VMConfigGuestPowerAction.HALT;
  const disk = { backend: { file: { path: root, direct: false } }, readOnly: true };
  const config: VMConfig = {
    ...VMConfig.create(),
    memoryConfig: { ...noHints, memoryMb: BigInt(memoryMiB) },
    processorConfig: { processorCount: processors, processorWeight: 0, processorLimit: 0 },
    directBoot: {
      kernelPath: kernel,
      initrdPath: initrd,
      kernelCmdline: [...KERNEL_ARGUMENTS, ...kernelArguments].join(" "),
    },
    serialConfig: { ports: [{ port: 0, socketPath: document.console, connect: true }] },
    devicesConfig: {
      scsiDisks: [{ ...ANCHOR, hostPath: document.anchor, type: 0, readOnly: true }],
      virtiofsConfig: [{ tag: SHARES_TAG, rootPath: document.shares, readOnly: false }],
      ...{ vpmemDisks: [], nicConfig: [], windowsDevice: [] },
    },
    pcie: {
      rootComplexes: [rootComplex([{ virtio: { blk: disk } }, { virtio: { vsock: { socketPath: document.vsock } } }])],
      genericInitiators: [],
    },
    // A guest that ended is the end of its pod; by default some ends would boot it again.
    guestPowerActions: { shutdown: halt, reset: halt, crash: halt, watchdog: halt },
  };
  return { config, logId: id };
}

const noHints = {
  ...{ allowOvercommit: false, deferredCommit: false, hotHint: false, coldHint: false, coldDiscardHint: false },
  ...{ lowMmioGapInMb: 0n, highMmioBaseInMb: 0n, highMmioGapInMb: 0n },
};
