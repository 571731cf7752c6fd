import { win32 } from "node:path";
import type { WcowOptions } from "../../../options/wcow.ts";
import type { ConfidentialWcow } from "../../../options/wcow-confidential.ts";
import type { ComputeSystemInit } from "../schema/compute-system.ts";
import type { HostWork } from "./host-work.ts";
import { windowsHvSocket } from "./hv-socket.ts";
import type { VmDocument } from "./lcow.ts";
import { registryValues } from "./registry.ts";
import { scsiControllers, virtualDisk } from "./scsi.ts";
import { isolation, secureBoot } from "./security.ts";
import { storageQos, topologyDocument } from "./topology.ts";

type VirtualMachine = NonNullable<ComputeSystemInit["virtualMachine"]>;
type Chipset = NonNullable<VirtualMachine["chipset"]>;
type Devices = NonNullable<VirtualMachine["devices"]>;

/** By it the guest knows a scratch disk that has no file system yet. */
const UNFORMATTED_SCRATCH = "a7b3c5d1-4e2f-4a8b-9c6d-1e3f5a7b9c2d";
const DIRECT_MAPPING_MIB = 1024n;

/** The parts in which a confidential VM is another machine. */
interface Machine {
  readonly schemaMinor: number;
  readonly parts: VirtualMachine;
  readonly scsi: Devices["scsi"];
  readonly shares: NonNullable<Devices["virtualSmb"]>["shares"];
  readonly work: readonly HostWork[];
}

export function wcowDocument(options: WcowOptions): VmDocument {
  const { topology, boot, consolePipe } = options;
  const machine = "policy" in boot ? confidentialMachine(options, boot) : plainMachine(options, boot);
  const dumps = dumpParts(options);
  return {
    document: {
      owner: options.owner,
      schemaVersion: { major: 2, minor: machine.schemaMinor },
      shouldTerminateOnLastHandleClosed: true,
      virtualMachine: {
        stopOnReset: true,
        ...machine.parts,
        computeTopology: topologyDocument(topology, true),
        devices: {
          comPorts: consolePipe === undefined ? {} : { "0": { namedPipe: consolePipe } },
          ...(options.graphicsConsole ? { videoMonitor: {}, keyboard: {}, enhancedModeVideo: {} } : {}),
          scsi: machine.scsi,
          hvSocket: { hvSocketConfig: windowsHvSocket(options.hvSocketServices, options.logs.forwarded) },
          virtualSmb: { shares: machine.shares, directFileMappingInMB: DIRECT_MAPPING_MIB },
          guestCrashReporting: dumps.guestCrashReporting,
        },
        restoreState: restoreState(options),
        registryChanges: { addValues: registryValues(options) },
        storageQoS: storageQos(topology),
        debugOptions: dumps.debugOptions,
        resourcePartitionId: topology.resourcePartition,
      },
    },
    work: [...dumps.work, ...machine.work],
  };
}

/** Boots from the files of a layer, that it also has as its share "os". */
function plainMachine(options: WcowOptions, boot: Exclude<WcowOptions["boot"], ConfidentialWcow>): Machine {
  return {
    schemaMinor: 1,
    parts: {
      chipset: {
        uefi: { bootThis: { devicePath: win32.join(boot.bootFolder, "bootmgfw.efi"), deviceType: "VmbFs" } },
      },
    },
    scsi: scsiControllers(1, [virtualDisk(options.scratchVhd, false)]),
    shares: [
      {
        name: "os",
        path: boot.osFolder,
        options: {
          ...{ readOnly: true, shareRead: true, cacheIo: true, pseudoOplocks: true, takeBackupPrivilege: true },
          noDirectmap: !options.directMap,
        },
      },
    ],
    work: [{ do: "grant-vm-access", path: options.scratchVhd }],
  };
}

/** Boots from disks: it looks for its scratch at LUN 0. */
function confidentialMachine(options: WcowOptions, boot: ConfidentialWcow): Machine {
  // VSMB wants one share at least: the folder stays empty.
  const share = win32.join(options.bundle, "EmptyDoNotModify");
  const files = [boot.efiVhd, boot.bootCimVhd, boot.guestStateFile, options.scratchVhd];
  return {
    schemaMinor: 5,
    parts: {
      // The least that knows SNP.
      version: { major: 12, minor: 0 },
      chipset: {
        uefi: boot.secureBoot ? secureBoot : { applySecureBootTemplate: "Skip" },
        firmwareFile: firmwareFile(options),
      },
      guestState: { guestStateFilePath: boot.guestStateFile, guestStateFileType: "BlockStorage" },
      securitySettings: isolation(boot.isolation, boot.policy, true),
    },
    scsi: scsiControllers(1, [
      virtualDisk(options.scratchVhd, false),
      virtualDisk(boot.efiVhd, !boot.writableEfi),
      virtualDisk(boot.bootCimVhd, true),
    ]),
    shares: [{ name: "defaultEmptyShare", path: share, options: { readOnly: true, shareRead: true, noOplocks: true } }],
    work: [
      ...files.map((path) => ({ do: "grant-vm-access", path }) as const),
      { do: "set-disk-identifier", path: options.scratchVhd, identifier: UNFORMATTED_SCRATCH },
      { do: "make-folder", path: share },
      { do: "grant-vm-access", path: share },
    ],
  };
}

function firmwareFile({ firmwareParameters: text }: WcowOptions): Chipset["firmwareFile"] {
  return text === "" ? undefined : { parameters: Buffer.from(text, "utf8").toString("base64") };
}

function restoreState({ restore }: WcowOptions): VirtualMachine["restoreState"] {
  if (restore === undefined) return undefined;
  return "stateFile" in restore ? { saveStateFilePath: restore.stateFile } : { templateSystemId: restore.templateId };
}

/** Where the state and the dump of a crashed VM are written. */
function dumpParts({
  id,
  dumpFolder,
}: WcowOptions): Pick<VirtualMachine, "debugOptions"> &
  Pick<Devices, "guestCrashReporting"> & { readonly work: readonly HostWork[] } {
  if (dumpFolder === undefined) return { work: [] };
  const file = (end: string) => win32.join(dumpFolder, `${id}-${end}`);
  return {
    debugOptions: {
      bugcheckSavedStateFileName: file("savedstate.vmrs"),
      bugcheckNoCrashdumpSavedStateFileName: file("savedstate_nocrashdump.vmrs"),
    },
    guestCrashReporting: { windowsCrashSettings: { dumpFileName: file("windows-crash"), dumpType: "Full" } },
    work: [{ do: "grant-vm-group-access", path: dumpFolder }],
  };
}
