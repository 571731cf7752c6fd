import { constants, readSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { failedPrecondition, invalidArgument } from "../../errors/shim-error.ts";
import { close, open } from "../../sys/libc.ts";
import { type HostFile, openHostFile } from "../../vmmanager/host-file.ts";
import type { FdSet } from "../../vmmanager/stacks/qemu/monitor.ts";
import type { QmpArguments } from "../../vmmanager/stacks/qemu/qmp/commands.ts";
import type { Disk } from "../configuration.ts";
import { type AttachContext, pciAddress } from "./context.ts";
import { describeExtents, MAX_DESCRIPTOR, readVmdk, type VmdkExtent } from "./vmdk.ts";

const SECTOR = 512;
const REMOVE_MS = 10_000;

/** A virtio block device, whose serial number is the disk's id: the guest finds it in the order of slots, or by that. */
export async function attachDisk(disk: Disk, slot: number, context: AttachContext): Promise<void> {
  const { monitor, signal } = context;
  const sets: FdSet[] = [];
  const add = async (fd: number): Promise<string> => {
    const set = await monitor.addFd(fd, { signal });
    sets.push(set);
    return set.path;
  };
  const file = openHostFile(disk.hostPath, disk.readOnly);
  try {
    const path = await addSource(disk, file, context, add);
    const node = disk.vmdk ? vmdkNode(disk, slot, path) : rawNode(disk, slot, { ...file, path });
    await monitor.qmp.execute("blockdev-add", node, { signal });
  } finally {
    close(file.fd);
    // The node has copies of the fds; with those the sets go.
    for (const { id } of sets) await monitor.removeFd(id, { signal: AbortSignal.timeout(REMOVE_MS) });
  }
  await monitor.qmp.execute("device_add", diskDevice(disk, slot), { signal });
}

/** What QEMU is to open as the disk: the file, or a descriptor of our own that names the extents by their fds. */
async function addSource(
  disk: Disk,
  file: HostFile,
  context: AttachContext,
  add: (fd: number) => Promise<string>,
): Promise<string> {
  if (!disk.vmdk) return add(file.fd);
  const vmdk = readVmdk(disk.hostPath, readStart(file.fd));
  if (vmdk.kind === "sparse") {
    if (!vmdk.isCompressed || disk.readOnly) return add(file.fd);
    throw failedPrecondition(`${disk.hostPath} is compressed; cannot attach it as writable: attach it read-only`);
  }
  const paths: string[] = [];
  for (const extent of vmdk.extents) {
    const opened = openExtent(disk, extent);
    try {
      paths.push(await add(opened.fd));
    } finally {
      close(opened.fd);
    }
  }
  const descriptor = openDescriptor(disk, context.directory, describeExtents(vmdk.extents, paths));
  try {
    return await add(descriptor);
  } finally {
    close(descriptor);
  }
}

function openExtent(disk: Disk, extent: VmdkExtent): HostFile {
  if (extent.access === "RDONLY" && !disk.readOnly) {
    throw failedPrecondition(
      `${disk.hostPath} has a read-only extent; cannot attach it as writable: attach it read-only`,
    );
  }
  const opened = openHostFile(resolve(dirname(disk.hostPath), extent.file), disk.readOnly);
  const bytes = (extent.offset + extent.sectors) * SECTOR;
  if (extent.type !== "FLAT" || opened.isBlockDevice || opened.size >= bytes) return opened;
  close(opened.fd);
  throw invalidArgument(
    `${disk.hostPath} has an extent of which ${extent.file} is to hold ${bytes} bytes and has ${opened.size}; cannot attach it`,
  );
}

/** Nobody else ever sees it: it is gone from the directory before QEMU has it. */
function openDescriptor({ readOnly }: Disk, directory: string, text: string): number {
  const path = join(directory, "descriptor.vmdk");
  writeFileSync(path, text, { mode: 0o600 });
  try {
    return open(path, readOnly ? constants.O_RDONLY : constants.O_RDWR);
  } finally {
    rmSync(path);
  }
}

function readStart(fd: number): Uint8Array {
  const buffer = Buffer.alloc(MAX_DESCRIPTOR);
  return buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, 0));
}

export const diskNodeName = (slot: number): string => `disk-${slot}`;

/** Not locked: VMs share read-only layers, and who may write which image is the caller's to know. */
export function rawNode(
  { readOnly }: Disk,
  slot: number,
  { path, isBlockDevice }: { path: string; isBlockDevice: boolean },
): QmpArguments["blockdev-add"] {
  const discard = readOnly ? {} : { discard: "unmap" };
  const access = { "read-only": readOnly, ...discard };
  const driver = isBlockDevice ? "host_device" : "file";
  return {
    ...{ driver: "raw", "node-name": diskNodeName(slot), ...access },
    file: { driver, filename: path, locking: "off", ...access },
  };
}

export function vmdkNode({ readOnly }: Disk, slot: number, path: string): QmpArguments["blockdev-add"] {
  const access = { "read-only": readOnly };
  const file = { driver: "file", filename: path, locking: "off", ...access };
  return { driver: "vmdk", "node-name": diskNodeName(slot), ...access, file };
}

export function diskDevice({ id }: Disk, slot: number): QmpArguments["device_add"] {
  return {
    ...{ driver: "virtio-blk-pci", id: `dev-${slot}`, drive: diskNodeName(slot), serial: id },
    // Not QEMU's "enospc", which stops the whole VM when the host's disk is full: the guest gets the error.
    ...{ werror: "report", rerror: "report" },
    ...pciAddress(slot),
  };
}
