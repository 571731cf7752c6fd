import { type VmDevices, vmDevices } from "../../src/orchestration/device/devices.ts";
import type { Mapping } from "../../src/orchestration/device/mapping.ts";
import { type DeviceCall, DeviceStandIn } from "./device-stand-in.ts";

interface BenchOptions {
  readonly packed?: boolean;
  readonly noDirectMap?: boolean;
  readonly devices?: number;
  readonly callMs?: number;
}

/** Every kind of device of one VM, on a stand-in: files are where their paths say, `.bin` of 3 MiB. */
export class DeviceBench {
  readonly vm = new DeviceStandIn();
  readonly devices: VmDevices;
  before: readonly string[] = [];
  #carrier: Mapping | undefined;

  /** `callMs`: when a call of the host or the guest is given up; more than any takes that does not hang. */
  constructor(options: BenchOptions = {}) {
    const { vm } = this;
    const { packed = false, noDirectMap = true, devices = 64, callMs = 50 } = options;
    const limits = { host: callMs, guest: callMs };
    vm.vpmemLimits = { devices, deviceBytes: 64n << 20n, multiMapping: packed };
    vm.shareRules = { noDirectMap };
    let guids = 0;
    this.devices = vmDevices({ uvm: vm, guest: vm }, limits, undefined, {
      vpmem: { size: () => 3n << 20n },
      vsmb: { isDirectory: (path) => !path.includes(".") },
      newGuid: () => `guid-${guids++}`,
    });
  }

  /** Brings what is to be there before, as if it always had been. */
  async begin(reserve: DeviceKind["before"]): Promise<void> {
    this.#carrier = reserve?.(this.devices);
    await this.#carrier?.map();
    this.before = this.vm.left();
    this.vm.log.length = 0;
  }

  async close(): Promise<void> {
    await this.#carrier?.unmap();
  }

  /** Of each kind. */
  get held(): readonly number[] {
    const { scsi, plan9, sockets, vpmem, vsmb, vpci, pipes } = this.devices;
    return [scsi, plan9, sockets, vpmem, vsmb, vpci, pipes].map(({ held }) => held);
  }
}

export interface DeviceKind {
  readonly name: string;
  readonly options?: ConstructorParameters<typeof DeviceBench>[0];
  /** What is there from the beginning, and stays. */
  readonly before?: (devices: VmDevices) => Mapping;
  /** `n`: another of the kind. */
  reserve(devices: VmDevices, n?: number): Mapping;
  readonly up: readonly DeviceCall[];
  readonly down: readonly DeviceCall[];
}

export const deviceKinds: readonly DeviceKind[] = [
  {
    name: "disk",
    reserve: ({ scsi }, n = 0) => scsi.reserve({ hostPath: `/${n}.img`, readOnly: true, fileSystem: "ext4" }),
    up: ["addScsiDisk", "addMappedVirtualDisk"],
    down: ["removeMappedVirtualDisk", "removeScsiDevice", "removeScsiDisk"],
  },
  {
    name: "physical disk with a grant",
    reserve: ({ scsi }, n = 0) =>
      scsi.reserve({ hostPath: `\\\\.\\PHYSICALDRIVE${n}`, readOnly: false, type: "PassThru", access: "individual" }),
    up: ["grantVmAccess", "addScsiDisk", "addMappedVirtualDisk"],
    down: ["removeMappedVirtualDisk", "removeScsiDevice", "removeScsiDisk"],
  },
  {
    name: "directory share",
    reserve: ({ plan9 }, n = 0) => plan9.reserve({ hostPath: `/dir${n}`, readOnly: false }),
    up: ["addPlan9Share", "addMappedDirectory"],
    down: ["removeMappedDirectory", "removePlan9Share"],
  },
  {
    name: "file share",
    reserve: ({ plan9 }, n = 0) => plan9.reserve({ hostPath: "/dir", readOnly: true, allowedNames: [`f${n}`] }),
    up: ["addPlan9Share", "addMappedDirectory"],
    down: ["removeMappedDirectory", "removePlan9Share"],
  },
  {
    name: "layer on a VPMem device",
    reserve: ({ vpmem }, n = 0) => vpmem.reserve({ hostPath: `/${n}.vhd` }),
    up: ["addVpmemDevice", "mountVpmem"],
    down: ["unmountVpmem", "removeVpmemDevice"],
  },
  {
    name: "layer at the begin of a packed VPMem device",
    options: { packed: true },
    reserve: ({ vpmem }, n = 0) => vpmem.reserve({ hostPath: `/${n}.vhd` }),
    up: ["addVpmemDevice", "mountVpmem"],
    down: ["unmountVpmem", "removeVpmemMapping"],
  },
  {
    name: "layer behind another on a packed VPMem device",
    options: { packed: true },
    before: ({ vpmem }) => vpmem.reserve({ hostPath: "/before.vhd" }),
    reserve: ({ vpmem }, n = 0) => vpmem.reserve({ hostPath: `/${n}.vhd` }),
    up: ["addVpmemMapping", "mountVpmem"],
    down: ["unmountVpmem", "removeVpmemMapping"],
  },
  {
    name: "VSMB share",
    reserve: ({ vsmb }, n = 0) => vsmb.reserve({ hostPath: `C:\\dir${n}`, readOnly: true }),
    up: ["addVsmbShare"],
    down: ["removeVsmbShare"],
  },
  {
    name: "VSMB share of a file",
    reserve: ({ vsmb }, n = 0) => vsmb.reserve({ hostPath: `C:\\dir\\${n}.txt`, readOnly: false }),
    up: ["addVsmbShare"],
    down: ["removeVsmbShare"],
  },
  {
    name: "assigned device",
    reserve: ({ vpci }, n = 0) => vpci.reserve({ address: "PCIP\\VEN_10DE", virtualFunction: n }),
    up: ["addPciDevice", "addVpciDevice"],
    down: ["removePciDevice"],
  },
  {
    name: "pipe",
    reserve: ({ pipes }, n = 0) => pipes.reserve({ hostPath: `\\\\.\\pipe\\p${n}` }),
    up: ["addPipe"],
    down: ["removePipe"],
  },
  {
    name: "socket",
    reserve: ({ sockets }, n = 0) => sockets.reserve({ hostPath: ["/", "/etc", "/usr"][n] ?? "/tmp" }),
    up: ["addMappedSocket"],
    down: ["removeMappedSocket"],
  },
  {
    name: "shared memory",
    reserve: ({ shm }, n = 0) => shm.reserve({ hostPath: `/shm${n}`, bytes: 65536 }),
    up: ["createProcess", "createProcess"],
    down: ["createProcess"],
  },
];
