/** The QMP arguments of each device: what adds it to a running VM, and as JSON on the command line what recreates it. */
import type { ScsiDisk, ScsiLocation } from "../../../scsi.ts";
import type { QmpArguments } from "../qmp/commands.ts";
import {
  type ElasticMemory,
  MIB,
  PCI_SLOT,
  type PluggedAdapter,
  type PluggedPci,
  type PluggedProcessor,
  type PluggedVpmem,
} from "./hardware.ts";

type Device = QmpArguments["device_add"];
type Blockdev = QmpArguments["blockdev-add"];
type Netdev = QmpArguments["netdev_add"];
type Backend = QmpArguments["object-add"];
type Chardev = QmpArguments["chardev-add"];

/** The tag by which the guest mounts the shares (docs/uvm-image.md). */
export const SHARES_TAG = "uvm";
export const SHARES_ID = "shares";
export const BALLOON_ID = "balloon0";
export const MEMORY_ID = "memory0";

const pci = (slot: number) => ({ bus: "pci.0", addr: `0x${slot.toString(16)}` });

export const controllerId = (controller: number): string => `scsi${controller}`;
export const diskId = ({ controller, lun }: ScsiLocation): string => `disk-${controller}-${lun}`;
export const vpmemId = (deviceNumber: number): string => `vpmem${deviceNumber}`;

export function controllerDevice(controller: number): Device {
  return { driver: "virtio-scsi-pci", id: controllerId(controller), ...pci(PCI_SLOT.scsi + controller) };
}

/**
 * One node: file or host_device, without a format above it. Not locked: containers share read-only layers, and who may
 * write which image is the caller's to know.
 */
export function diskNode(disk: ScsiDisk, file: { path: string; isBlockDevice: boolean }): Blockdev {
  return {
    driver: "raw",
    "node-name": diskId(disk),
    "read-only": disk.readOnly,
    // The guest's fstrim gives the host its blocks back.
    ...(disk.readOnly ? {} : { discard: "unmap" }),
    file: {
      driver: file.isBlockDevice ? "host_device" : "file",
      filename: file.path,
      locking: "off",
      "read-only": disk.readOnly,
      ...(disk.readOnly ? {} : { discard: "unmap" }),
    },
  };
}

export function diskDevice(disk: ScsiDisk): Device {
  const { controller, lun } = disk;
  return {
    driver: "scsi-hd",
    id: diskId(disk),
    bus: `${controllerId(controller)}.0`,
    channel: 0,
    "scsi-id": 0,
    lun,
    drive: diskId(disk),
    // Not QEMU's "enospc", which stops the whole VM when the host's disk is full: the guest gets the error.
    werror: "report",
    rerror: "report",
  };
}

/** `fd`: QEMU's name for the open tap or socket: one given to getfd, or a number that it inherited. */
export function adapterNetdev({ id, backend }: Pick<PluggedAdapter, "id" | "backend">, fd: string): Netdev {
  const name = netdevId(id);
  // "socket", which looks at what the fd is: "stream" connects in a thread, where QEMU knows no names of fds.
  return { type: backend.kind === "tap" ? "tap" : "socket", id: name, fd };
}

export const netdevId = (id: string): string => `net-${id}`;
export const adapterId = (id: string): string => `nic-${id}`;

export function adapterDevice({ id, macAddress, slot }: PluggedAdapter): Device {
  return {
    driver: "virtio-net-pci",
    id: adapterId(id),
    netdev: netdevId(id),
    mac: macAddress,
    // It boots from no network: no option ROM to load.
    romfile: "",
    ...pci(slot),
  };
}

export function vpmemBackend({ deviceNumber, bytes }: PluggedVpmem, path: string): Backend {
  const id = `${vpmemId(deviceNumber)}-memory`;
  return { "qom-type": "memory-backend-file", id, "mem-path": path, size: bytes, share: true, readonly: true };
}

export function vpmemDevice({ deviceNumber }: PluggedVpmem): Device {
  const id = vpmemId(deviceNumber);
  // Unarmed is the NVDIMM's word for read-only: the guest's /dev/pmem is, too.
  return { driver: "nvdimm", id, memdev: `${id}-memory`, slot: deviceNumber, unarmed: true };
}

export const pciId = (id: string): string => `pci-${id}`;

export function pciDevice({ id, address, slot }: PluggedPci): Device {
  return { driver: "vfio-pci", id: pciId(id), host: address, ...pci(slot) };
}

export function memoryBackend({ sizeMiB }: Pick<ElasticMemory, "sizeMiB">): Backend {
  // Of a memfd and shared, as all RAM: virtiofsd maps it. Not reserved: most of it is never plugged in.
  const id = `${MEMORY_ID}-memory`;
  return { "qom-type": "memory-backend-memfd", id, size: sizeMiB * MIB, share: true, reserve: false };
}

export function memoryDevice({ requestedMiB, address }: ElasticMemory): Device {
  return {
    driver: "virtio-mem-pci",
    id: MEMORY_ID,
    memdev: `${MEMORY_ID}-memory`,
    "requested-size": requestedMiB * MIB,
    memaddr: address,
    ...pci(PCI_SLOT.memory),
  };
}

export function balloonDevice(): Device {
  return { driver: "virtio-balloon-pci", id: BALLOON_ID, ...pci(PCI_SLOT.balloon) };
}

export const processorId = ({ socketId = 0, coreId = 0, threadId = 0 }: PluggedProcessor): string =>
  `cpu-${socketId}-${coreId}-${threadId}`;

export function processorDevice(processor: PluggedProcessor): Device {
  const { type, socketId, coreId, threadId, nodeId } = processor;
  return {
    driver: type,
    id: processorId(processor),
    "socket-id": socketId,
    "core-id": coreId,
    "thread-id": threadId,
    "node-id": nodeId,
  };
}

export function sharesChardev(fdName: string): Chardev {
  return {
    id: SHARES_ID,
    backend: { type: "socket", data: { addr: { type: "fd", data: { str: fdName } }, server: false } },
  };
}

export function sharesDevice(tag = SHARES_TAG): Device {
  const id = SHARES_ID;
  return { driver: "vhost-user-fs-pci", id, chardev: id, tag, "queue-size": 1024, ...pci(PCI_SLOT.shares) };
}
