import { win32 } from "node:path";
import type { AssignedDevice } from "../../../options/assigned-devices.ts";
import type { LcowOptions } from "../../../options/lcow.ts";
import { INITRD, type LcowBoot, ROOTFS_VHD } from "../../../options/lcow-boot.ts";
import type { ComputeSystemInit } from "../schema/compute-system.ts";
import type { HostWork } from "./host-work.ts";
import { confidentialHvSocket, plainHvSocket } from "./hv-socket.ts";
import { kernelArguments } from "./kernel-arguments.ts";
import { scsiControllers, virtualDisk } from "./scsi.ts";
import { isolation, secureBoot } from "./security.ts";
import { storageQos, topologyDocument } from "./topology.ts";

type VirtualMachine = NonNullable<ComputeSystemInit["virtualMachine"]>;
type Devices = NonNullable<VirtualMachine["devices"]>;

export interface VmDocument {
  readonly document: ComputeSystemInit;
  readonly work: readonly HostWork[];
}

/** The parts in which a confidential VM is another machine. */
interface Machine {
  readonly schemaMinor: number;
  readonly chipset: VirtualMachine["chipset"];
  readonly devices: Devices;
  readonly parts: Pick<VirtualMachine, "guestState" | "securitySettings">;
  readonly work: readonly HostWork[];
}

/** `newGuid`: of the VMBus channel of each assigned device. */
export function lcowDocument(options: LcowOptions, newGuid: () => string): VmDocument {
  const { topology, boot } = options;
  const machine = boot.kind === "confidential" ? confidentialMachine(options, boot) : plainMachine(options, boot);
  return {
    document: {
      owner: options.owner,
      schemaVersion: { major: 2, minor: machine.schemaMinor },
      // The VM ends with the shim, even with one that was killed.
      shouldTerminateOnLastHandleClosed: true,
      virtualMachine: {
        stopOnReset: true,
        chipset: machine.chipset,
        computeTopology: topologyDocument(topology, false),
        devices: {
          ...machine.devices,
          virtualPci: virtualPci(options.devices, topology.numa !== undefined, newGuid),
          // An empty Plan9 is a device, and one that can't be saved.
          plan9: options.migration ? undefined : {},
        },
        ...machine.parts,
        storageQoS: storageQos(topology),
        resourcePartitionId: topology.resourcePartition,
      },
    },
    work: machine.work,
  };
}

function plainMachine(options: LcowOptions, boot: Exclude<LcowBoot, { readonly kind: "confidential" }>): Machine {
  const { vpmem, consolePipe } = options;
  const file = (name: string) => win32.join(boot.folder, name);
  const cmdline = kernelArguments(options, boot);
  const rootVhd = boot.rootfs === "vhd" ? file(ROOTFS_VHD) : undefined;
  const rootOnScsi = rootVhd !== undefined && vpmem === undefined;
  return {
    schemaMinor: 1,
    chipset:
      boot.kind === "kernel-direct"
        ? {
            linuxKernelDirect: {
              kernelFilePath: file(boot.kernel),
              initRdPath: boot.rootfs === "initrd" ? file(INITRD) : "",
              kernelCmdLine: cmdline,
            },
          }
        : {
            uefi: {
              bootThis: {
                deviceType: "VmbFs",
                devicePath: `\\${boot.kernel}`,
                vmbFsRootPath: boot.folder,
                optionalData: cmdline,
              },
            },
          },
    devices: {
      scsi: scsiControllers(options.scsiControllers, rootOnScsi ? [virtualDisk(rootVhd, true)] : []),
      virtualPMem: vpmem && {
        devices: rootVhd === undefined ? {} : { "0": { hostPath: rootVhd, readOnly: true, imageFormat: "Vhd1" } },
        maximumCount: vpmem.count,
        maximumSizeBytes: vpmem.sizeBytes,
      },
      hvSocket: { hvSocketConfig: plainHvSocket(options.hvSocketServices) },
      comPorts: consolePipe === undefined ? {} : { "0": { namedPipe: consolePipe } },
      ...(options.debug.graphicsConsole ? { videoMonitor: {}, keyboard: {}, enhancedModeVideo: {} } : {}),
    },
    parts: {},
    work: [],
  };
}

/** AMD SEV-SNP: the VM has its own copies of the files that it boots from, as it has them open. */
function confidentialMachine(
  options: LcowOptions,
  boot: Extract<LcowBoot, { readonly kind: "confidential" }>,
): Machine {
  const guestState = win32.join(options.bundle, win32.basename(boot.guestState));
  const rootVhd = win32.join(options.bundle, ROOTFS_VHD);
  return {
    schemaMinor: 5,
    chipset: { uefi: secureBoot },
    devices: {
      scsi: scsiControllers(options.scsiControllers, [virtualDisk(rootVhd, true)]),
      hvSocket: { hvSocketConfig: confidentialHvSocket(options.hvSocketServices, options.extraVsockPorts) },
    },
    parts: {
      guestState: { guestStateFilePath: guestState, guestStateFileType: "FileMode", forceTransientState: true },
      securitySettings: isolation("SecureNestedPaging", options.confidential?.policy ?? "", boot.hclEnabled),
    },
    work: [
      { do: "copy", from: boot.guestState, to: guestState },
      { do: "copy", from: boot.rootfsVhd, to: rootVhd },
      { do: "grant-vm-group-access", path: guestState },
      { do: "grant-vm-group-access", path: rootVhd },
    ],
  };
}

/** The VM's memory near the device is used where it has NUMA nodes of either kind (hcsshim's v2 shim: the implicit alone). */
function virtualPci(devices: readonly AssignedDevice[], numa: boolean, newGuid: () => string): Devices["virtualPci"] {
  return Object.fromEntries(
    devices.map(({ instancePath, virtualFunction }) => [
      newGuid(),
      {
        functions: [{ deviceInstancePath: instancePath, virtualFunction }],
        propagateNumaAffinity: numa ? true : undefined,
      },
    ]),
  );
}
