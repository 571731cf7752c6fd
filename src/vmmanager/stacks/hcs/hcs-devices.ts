import { failedPrecondition, unavailable } from "../../../errors/shim-error.ts";
import type { CallOptions } from "../../lifetime.ts";
import type { NetworkAdapter } from "../../network.ts";
import { Build } from "../../options/host-facts.ts";
import type { PciDevice } from "../../pci.ts";
import type { Plan9Share, ShareRules } from "../../plan9.ts";
import type { ProcessorLimits } from "../../processor.ts";
import type { ScsiDisk, ScsiLimits, ScsiLocation, VmAccess } from "../../scsi.ts";
import { notSupported, type Operation, type Resource, unsupportedGuestOs } from "../../support.ts";
import type { DeviceManagers } from "../../uvm.ts";
import type { SocketServiceConfig } from "../../vm-socket.ts";
import type { VpmemDevice, VpmemLimits, VpmemMapping } from "../../vpmem.ts";
import type { VsmbShare } from "../../vsmb.ts";
import type { ComputeCore, ComputeSystem } from "./computecore/compute-core.ts";
import { isNotRunning } from "./computecore/hcs-error.ts";
import { partOf, withChange } from "./document/applied.ts";
import type { HostFiles } from "./host-files.ts";
import * as network from "./modify/network.ts";
import * as pci from "./modify/pci.ts";
import { mapPipe } from "./modify/pipe.ts";
import * as plan9 from "./modify/plan9.ts";
import { DEVICES, type ModifyRequest, modifyText } from "./modify/request.ts";
import * as scsi from "./modify/scsi.ts";
import * as socketService from "./modify/socket-service.ts";
import * as topology from "./modify/topology.ts";
import * as vpmem from "./modify/vpmem.ts";
import * as vsmb from "./modify/vsmb.ts";
import { limit } from "./timeouts.ts";
import { hasPart, pciDevices, scsiLimits, type VmRecord, vpmemLimits } from "./vm-record.ts";

/** Of devices that one kind of guest has alone. */
const guests: { readonly [resource in Resource]?: "linux" | "windows" } = {
  vpmem: "linux",
  plan9: "linux",
  vsmb: "windows",
  pipe: "windows",
};

const ADD_REMOVE: readonly Operation[] = ["add", "remove"];

export interface HcsDeviceParts {
  readonly system: ComputeSystem;
  readonly core: Pick<ComputeCore, "grantVmAccess" | "createEmptyRuntimeStateFile">;
  readonly files: HostFiles;
  readonly build: number;
  /** What it was made with; the changes are written down in it. */
  readonly record: VmRecord;
}

/** What can be changed in a VM of HCS: each method is one ModifySettings call (reference: hcsshim, 2.1). */
export abstract class HcsDevices implements DeviceManagers {
  readonly stack = "hcs";
  readonly os: "linux" | "windows";
  readonly encryptsScratch: boolean;
  readonly scsiLimits: ScsiLimits;
  readonly vpmemLimits?: VpmemLimits;
  readonly shareRules: ShareRules;
  readonly pciDevices: readonly PciDevice[];
  readonly #parts: HcsDeviceParts;
  #record: VmRecord;

  constructor(parts: HcsDeviceParts) {
    this.#parts = parts;
    this.os = parts.record.os;
    this.encryptsScratch = parts.record.encryptsScratch ?? false;
    this.scsiLimits = scsiLimits(parts.record);
    const limits = vpmemLimits(parts.record);
    if (limits !== undefined) this.vpmemLimits = limits;
    const reserved = { scsi: this.scsiLimits.reserved ?? [], vpmem: limits?.reserved ?? [] };
    this.#record = { ...parts.record, reserved };
    this.shareRules = parts.record.shareRules;
    this.pciDevices = pciDevices(parts.record);
  }

  /** The VM is no more: all that it had is gone with it. */
  protected abstract get ended(): boolean;

  /** As it stands now. */
  protected get record(): VmRecord {
    return this.#record;
  }

  supported(resource: Resource, operation: Operation): boolean {
    if (guests[resource] !== undefined && guests[resource] !== this.os) return false;
    const { build } = this.#parts;
    switch (resource) {
      case "scsi":
        return this.scsiLimits.controllers > 0 && ADD_REMOVE.includes(operation);
      case "vpmem":
        if (operation === "update") return this.vpmemLimits?.multiMapping ?? false;
        return this.vpmemLimits !== undefined && ADD_REMOVE.includes(operation);
      case "plan9":
        return hasPart(this.#record, "Plan9") && ADD_REMOVE.includes(operation);
      case "vsmb":
        return hasPart(this.#record, "VirtualSmb") && ADD_REMOVE.includes(operation);
      case "network":
      case "pci":
      case "pipe":
        return ADD_REMOVE.includes(operation);
      case "vm-socket":
        return operation === "update" || operation === "remove";
      case "cpu-group":
        return operation === "update" && build >= Build.CpuGroups;
      case "cpu-limits":
        return operation === "update" && build >= Build.V20H2;
      case "memory":
        return operation === "update";
      case "statistics":
        return operation === "read";
      case "lifetime":
      case "processor":
        return false;
    }
  }

  async addScsiDisk(disk: ScsiDisk, options?: CallOptions): Promise<void> {
    await this.#modify("scsi", "add", () => scsi.attachDisk(disk), options);
  }

  async removeScsiDisk(location: ScsiLocation, options?: CallOptions): Promise<void> {
    await this.#modify("scsi", "remove", () => scsi.detachDisk(location), options);
  }

  async grantVmAccess(hostPath: string, access: Exclude<VmAccess, "none">): Promise<void> {
    const { core, system, files } = this.#parts;
    if (access === "group") await files.grantVmGroupAccess(hostPath);
    else core.grantVmAccess(system.id, hostPath);
  }

  async addVpmemDevice(device: VpmemDevice, options?: CallOptions): Promise<void> {
    await this.#modify("vpmem", "add", () => vpmem.addDevice(device), options);
  }

  async removeVpmemDevice(deviceNumber: number, options?: CallOptions): Promise<void> {
    await this.#modify("vpmem", "remove", () => vpmem.removeDevice(deviceNumber), options);
  }

  async addVpmemMapping(mapping: VpmemMapping, options?: CallOptions): Promise<void> {
    await this.#modify("vpmem", "update", () => vpmem.addMapping(mapping), options);
  }

  async removeVpmemMapping(place: Pick<VpmemMapping, "deviceNumber" | "offset">, options?: CallOptions): Promise<void> {
    await this.#modify("vpmem", "update", () => vpmem.removeMapping(place), options);
  }

  async addNetworkAdapter(adapter: NetworkAdapter, options?: CallOptions): Promise<void> {
    await this.#modify("network", "add", () => network.addAdapter(adapter), options);
  }

  async removeNetworkAdapter(id: string, options?: CallOptions): Promise<void> {
    const settings = partOf(this.#record.document, `${DEVICES}/NetworkAdapters/${id}`);
    await this.#modify("network", "remove", () => network.removeAdapter(id, settings), options);
  }

  async addPciDevice({ propagateNumaAffinity, ...device }: PciDevice, options?: CallOptions): Promise<void> {
    // Older ones do not know the member.
    const isKnown = propagateNumaAffinity !== undefined && this.#parts.build >= Build.Numa;
    const settings = { ...device, ...(isKnown && { propagateNumaAffinity }) };
    await this.#modify("pci", "add", () => pci.assignDevice(settings), options);
  }

  async removePciDevice(id: string, options?: CallOptions): Promise<void> {
    await this.#modify("pci", "remove", () => pci.removeDevice(id), options);
  }

  async addPlan9Share(share: Plan9Share, options?: CallOptions): Promise<void> {
    if (share.allowedNames !== undefined && this.#parts.build < Build.V19H1) {
      throw failedPrecondition(
        `Windows is of build ${this.#parts.build}; cannot share single files: it needs ${Build.V19H1}`,
      );
    }
    await this.#modify("plan9", "add", () => plan9.addShare(share), options);
  }

  async removePlan9Share(name: string, options?: CallOptions): Promise<void> {
    await this.#modify("plan9", "remove", () => plan9.removeShare(name), options);
  }

  async addVsmbShare(share: VsmbShare, options?: CallOptions): Promise<void> {
    await this.#modify("vsmb", "add", () => vsmb.addShare(share), options);
  }

  async removeVsmbShare(name: string, options?: CallOptions): Promise<void> {
    await this.#modify("vsmb", "remove", () => vsmb.removeShare(name), options);
  }

  async addPipe(hostPath: string, options?: CallOptions): Promise<void> {
    await this.#modify("pipe", "add", () => mapPipe(hostPath, "Add"), options);
  }

  async removePipe(hostPath: string, options?: CallOptions): Promise<void> {
    await this.#modify("pipe", "remove", () => mapPipe(hostPath, "Remove"), options);
  }

  async updateSocketService(id: string, config: SocketServiceConfig, options?: CallOptions): Promise<void> {
    await this.#modify("vm-socket", "update", () => socketService.updateService(id, config), options);
  }

  async removeSocketService(id: string, options?: CallOptions): Promise<void> {
    await this.#modify("vm-socket", "remove", () => socketService.removeService(id), options);
  }

  async setCpuGroup(id: string, options?: CallOptions): Promise<void> {
    await this.#modify("cpu-group", "update", () => topology.setCpuGroup(id), options);
  }

  async updateCpuLimits(limits: ProcessorLimits, options?: CallOptions): Promise<void> {
    await this.#modify("cpu-limits", "update", () => topology.updateLimits(limits), options);
  }

  async updateMemory(memoryMiB: number, options?: CallOptions): Promise<void> {
    await this.#modify("memory", "update", () => topology.updateMemory(memoryMiB), options);
  }

  async updateProcessors(): Promise<void> {
    throw notSupported(this.stack, "processor", "update");
  }

  async #modify(
    resource: Resource,
    operation: Operation,
    make: () => ModifyRequest,
    options: CallOptions | undefined,
  ): Promise<void> {
    if (!this.supported(resource, operation)) {
      const guest = guests[resource];
      if (guest !== undefined && guest !== this.os) throw unsupportedGuestOs(this.stack, this.os, resource);
      throw notSupported(this.stack, resource, operation);
    }
    options?.signal?.throwIfAborted();
    const gone = (cause?: unknown): Error =>
      unavailable(`vm ${this.#parts.system.id} does not run; cannot change it`, cause);
    if (this.ended) throw gone();
    const request = make();
    await this.#parts.system.modify(modifyText(request), limit(undefined, options)).catch((error) => {
      throw isNotRunning(error) ? gone(error) : error;
    });
    this.#record = { ...this.#record, document: withChange(this.#record.document, request) };
  }
}
