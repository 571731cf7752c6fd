import { close } from "../sys/libc.ts";
import { notSupported, type Operation, type Resource } from "./support.ts";
import type { DeviceManagers, StackName } from "./uvm.ts";

/** The devices of a stack that has none: every call is unimplemented. A stack overrides what it can do. */
export abstract class UnsupportedDevices implements DeviceManagers {
  abstract readonly stack: StackName;
  readonly scsiLimits: DeviceManagers["scsiLimits"] = { controllers: 0, luns: 0 };

  async addScsiDisk(..._: Parameters<DeviceManagers["addScsiDisk"]>): Promise<void> {
    this.#refuse("scsi", "add");
  }
  async removeScsiDisk(..._: Parameters<DeviceManagers["removeScsiDisk"]>): Promise<void> {
    this.#refuse("scsi", "remove");
  }
  async addVpmemDevice(..._: Parameters<DeviceManagers["addVpmemDevice"]>): Promise<void> {
    this.#refuse("vpmem", "add");
  }
  async removeVpmemDevice(..._: Parameters<DeviceManagers["removeVpmemDevice"]>): Promise<void> {
    this.#refuse("vpmem", "remove");
  }
  async addVpmemMapping(..._: Parameters<DeviceManagers["addVpmemMapping"]>): Promise<void> {
    this.#refuse("vpmem", "update");
  }
  async removeVpmemMapping(..._: Parameters<DeviceManagers["removeVpmemMapping"]>): Promise<void> {
    this.#refuse("vpmem", "update");
  }
  async addNetworkAdapter(...[{ backend }]: Parameters<DeviceManagers["addNetworkAdapter"]>): Promise<void> {
    if (backend.kind === "tap") close(backend.fd);
    this.#refuse("network", "add");
  }
  async removeNetworkAdapter(..._: Parameters<DeviceManagers["removeNetworkAdapter"]>): Promise<void> {
    this.#refuse("network", "remove");
  }
  async addPciDevice(..._: Parameters<DeviceManagers["addPciDevice"]>): Promise<void> {
    this.#refuse("pci", "add");
  }
  async removePciDevice(..._: Parameters<DeviceManagers["removePciDevice"]>): Promise<void> {
    this.#refuse("pci", "remove");
  }
  async addPlan9Share(..._: Parameters<DeviceManagers["addPlan9Share"]>): Promise<void> {
    this.#refuse("plan9", "add");
  }
  async removePlan9Share(..._: Parameters<DeviceManagers["removePlan9Share"]>): Promise<void> {
    this.#refuse("plan9", "remove");
  }
  async addVsmbShare(..._: Parameters<DeviceManagers["addVsmbShare"]>): Promise<void> {
    this.#refuse("vsmb", "add");
  }
  async removeVsmbShare(..._: Parameters<DeviceManagers["removeVsmbShare"]>): Promise<void> {
    this.#refuse("vsmb", "remove");
  }
  async addPipe(..._: Parameters<DeviceManagers["addPipe"]>): Promise<void> {
    this.#refuse("pipe", "add");
  }
  async removePipe(..._: Parameters<DeviceManagers["removePipe"]>): Promise<void> {
    this.#refuse("pipe", "remove");
  }
  async updateSocketService(..._: Parameters<DeviceManagers["updateSocketService"]>): Promise<void> {
    this.#refuse("vm-socket", "update");
  }
  async removeSocketService(..._: Parameters<DeviceManagers["removeSocketService"]>): Promise<void> {
    this.#refuse("vm-socket", "remove");
  }
  async setCpuGroup(..._: Parameters<DeviceManagers["setCpuGroup"]>): Promise<void> {
    this.#refuse("cpu-group", "update");
  }
  async updateCpuLimits(..._: Parameters<DeviceManagers["updateCpuLimits"]>): Promise<void> {
    this.#refuse("cpu-limits", "update");
  }
  async updateMemory(..._: Parameters<DeviceManagers["updateMemory"]>): Promise<void> {
    this.#refuse("memory", "update");
  }
  async updateProcessors(..._: Parameters<DeviceManagers["updateProcessors"]>): Promise<void> {
    this.#refuse("processor", "update");
  }

  #refuse(resource: Resource, operation: Operation): never {
    throw notSupported(this.stack, resource, operation);
  }
}
