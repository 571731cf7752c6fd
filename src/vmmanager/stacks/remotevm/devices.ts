import {
  alreadyExists,
  failedPrecondition,
  invalidArgument,
  notFound,
  unimplemented,
} from "../../../errors/shim-error.ts";
import type { PcieDeviceKind, SCSIDisk } from "../../../generated/vmservice.ts";
import {
  type CapabilitiesVMResponse,
  CapabilitiesVMResponseResource as Capability,
} from "../../../generated/vmservice.ts";
import type { Logger } from "../../../log/logger.ts";
import { close } from "../../../sys/libc.ts";
import { openHostFile } from "../../host-file.ts";
import type { CallOptions } from "../../lifetime.ts";
import type { NetworkAdapter } from "../../network.ts";
import type { PciDevice } from "../../pci.ts";
import type { Plan9Share } from "../../plan9.ts";
import type { ScsiDisk, ScsiLocation } from "../../scsi.ts";
import type { ShareTree } from "../../share-tree.ts";
import { notSupported, type Operation, type Resource } from "../../support.ts";
import { UnsupportedDevices } from "../../unsupported.ts";
import { checkVfio, hasVfio } from "../../vfio.ts";
import { ANCHOR, SCSI_LUNS } from "./config.ts";
import { registerFd } from "./fd-registration.ts";
import { PortPool } from "./pcie.ts";
import type { VmService } from "./vm-service.ts";

const REGISTER_MS = 30_000;

export interface RemoteDevicesOptions {
  readonly id: string;
  readonly service: VmService;
  readonly socketPath: string;
  readonly capabilities: CapabilitiesVMResponse;
  readonly shares: ShareTree;
  readonly log: Logger;
}

/**
 * What is added to a VM of a service while it runs. Adapters and devices of this host go by PCIe ports, which the service
 * empties again; its NICConfig it only ever adds. Shares are bind mounts below the directory that it serves from boot on.
 */
export class RemoteDevices extends UnsupportedDevices {
  readonly stack = "remotevm";
  override readonly scsiLimits = { controllers: 1, luns: SCSI_LUNS, reserved: [ANCHOR] };
  protected readonly service: VmService;
  readonly #options: RemoteDevicesOptions;
  readonly #ports = new PortPool();
  readonly #disks = new Map<number, SCSIDisk>();
  #registered = 0;

  constructor(options: RemoteDevicesOptions) {
    super();
    this.#options = options;
    this.service = options.service;
  }

  /** Of a running VM. What the service says of NICs is of those that it can't remove; of PCIe ports it says nothing. */
  protected devicesSupported(resource: Resource, operation: Operation): boolean {
    if (operation !== "add" && operation !== "remove") return false;
    switch (resource) {
      case "scsi":
        return this.#options.capabilities.supportedResources.some(
          (each) => each.resource === Capability.Scsi && (operation === "add" ? each.Add : each.Remove),
        );
      case "network":
      case "plan9":
        return true;
      case "pci":
        return hasVfio();
      default:
        return false;
    }
  }

  override async addScsiDisk(disk: ScsiDisk, options?: CallOptions): Promise<void> {
    if (!this.devicesSupported("scsi", "add")) throw notSupported(this.stack, "scsi", "add");
    checkDisk(disk);
    const { lun, hostPath, readOnly } = disk;
    if (this.#disks.has(lun) || lun === ANCHOR.lun) {
      throw alreadyExists(`${named(disk)} is taken; cannot attach ${hostPath} there: detach what is there first`);
    }
    // The service tells what it can't open by a text alone.
    close(openHostFile(hostPath, readOnly).fd);
    const entry: SCSIDisk = { controller: 0, lun, hostPath, type: 0, readOnly };
    this.#disks.set(lun, entry);
    try {
      await this.service.modifyDisk("add", entry, options);
    } catch (error) {
      this.#disks.delete(lun);
      throw error;
    }
  }

  override async removeScsiDisk(location: ScsiLocation, options?: CallOptions): Promise<void> {
    if (!this.devicesSupported("scsi", "remove")) throw notSupported(this.stack, "scsi", "remove");
    const disk = location.controller === 0 ? this.#disks.get(location.lun) : undefined;
    if (disk === undefined) throw notFound(`${named(location)} holds no disk; cannot detach it`);
    await this.service.modifyDisk("remove", disk, options);
    this.#disks.delete(location.lun);
  }

  override async addNetworkAdapter(adapter: NetworkAdapter, options?: CallOptions): Promise<void> {
    const { id, macAddress, backend } = adapter;
    if (backend.kind !== "tap") {
      throw invalidArgument(`network adapter ${id} is on a ${backend.kind}; stack remotevm can add taps alone`);
    }
    try {
      if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(macAddress) || (Number.parseInt(macAddress, 16) & 1) !== 0) {
        throw invalidArgument(
          `network adapter ${id} has the MAC address ${macAddress}; cannot add it: use a unicast one`,
        );
      }
      // Names are the service's, for all its clients.
      const fdName = `${this.#options.id.slice(0, 64)}-${++this.#registered}`;
      const limit = AbortSignal.timeout(REGISTER_MS);
      const signal = options?.signal === undefined ? limit : AbortSignal.any([options.signal, limit]);
      const registration = await registerFd(this.#options.socketPath, fdName, backend.fd, { signal });
      try {
        const net = { macAddress: macAddress.replaceAll(":", "-").toUpperCase(), backend: { tap: { fdName } } };
        await this.#plug(`network adapter ${id}`, { virtio: { net } }, options);
      } finally {
        registration.forget();
      }
    } finally {
      // Given up whatever comes of the call.
      close(backend.fd);
    }
  }

  override removeNetworkAdapter(id: string, options?: CallOptions): Promise<void> {
    return this.#unplug(`network adapter ${id}`, options);
  }

  override async addPciDevice({ id, address, virtualFunction = 0 }: PciDevice, options?: CallOptions): Promise<void> {
    if (!hasVfio()) throw notSupported(this.stack, "pci", "add");
    if (virtualFunction !== 0) {
      throw unimplemented(`PCI device ${id} is virtual function ${virtualFunction}; name it by its own address`);
    }
    checkVfio(address);
    await this.#plug(`PCI device ${id}`, { vfio: { hostPciAddress: address, barAddresses: [] } }, options);
  }

  override async removePciDevice(id: string, options?: CallOptions): Promise<void> {
    if (!hasVfio()) throw notSupported(this.stack, "pci", "remove");
    await this.#unplug(`PCI device ${id}`, options);
  }

  override async addPlan9Share(share: Plan9Share, options?: CallOptions): Promise<void> {
    options?.signal?.throwIfAborted();
    if (share.allowedNames !== undefined) {
      throw unimplemented(
        `share ${share.name} allows single names; stack remotevm cannot add it: share each file by itself`,
      );
    }
    if (!this.service.isOpen) throw failedPrecondition(`vm ${this.#options.id} is gone; cannot share with it`);
    this.#options.shares.check(share);
    this.#options.shares.add(share);
  }

  override async removePlan9Share(name: string, options?: CallOptions): Promise<void> {
    options?.signal?.throwIfAborted();
    if (this.#options.shares.remove(name)) {
      this.#options.log.warn("the guest still uses a share that was removed", { share: name });
    }
  }

  async #plug(what: string, device: PcieDeviceKind, options: CallOptions | undefined): Promise<void> {
    if (this.#ports.portOf(what) !== undefined) {
      throw alreadyExists(`${what} is in the VM; cannot add it: remove it first`);
    }
    const port = this.#ports.take(what);
    try {
      await this.service.addPcieDevice(port, device, options);
    } catch (error) {
      // Of a call that was given up nobody knows whether it was done: its port stays taken unless this empties it.
      await this.service.removePcieDevice(port).catch(() => undefined);
      this.#ports.give(port);
      throw error;
    }
  }

  async #unplug(what: string, options: CallOptions | undefined): Promise<void> {
    const port = this.#ports.portOf(what);
    if (port === undefined) throw notFound(`${what} is not in the VM; cannot remove it`);
    await this.service.removePcieDevice(port, options);
    this.#ports.give(port);
  }
}

function checkDisk({ controller, lun, hostPath, type }: ScsiDisk): void {
  if (controller !== 0 || !Number.isInteger(lun) || lun < 0 || lun >= SCSI_LUNS) {
    throw invalidArgument(
      `${named({ controller, lun })} does not exist; a VM has controller 0, LUN 0 to ${SCSI_LUNS - 1}`,
    );
  }
  if (type === "ExtensibleVirtualDisk") {
    throw unimplemented(`disk ${hostPath} is an extensible virtual disk; stack remotevm cannot attach it`);
  }
  const [extension] = /\.(vhdx?|iso|vmgs)$/i.exec(hostPath) ?? [];
  if (extension !== undefined) {
    throw invalidArgument(
      `disk ${hostPath} is a raw image here, and the service goes by the name: ${extension} is another format to it; cannot attach it: rename it`,
    );
  }
}

function named({ controller, lun }: ScsiLocation): string {
  return `SCSI location ${controller}:${lun}`;
}
