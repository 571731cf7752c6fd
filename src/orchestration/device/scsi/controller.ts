import type { ScsiLocation } from "../../../vmmanager/scsi.ts";
import { bounded } from "../../deadline.ts";
import { isGone } from "../../release-list.ts";
import { alreadyAttached, noAvailableLocation, noScsiControllers, notAttached, tooManyAttachments } from "../errors.ts";
import { type Mapping, reserveMapping } from "../mapping.ts";
import { type Reservation, SharedDevice } from "../shared-device.ts";
import type { DiskRequest, ScsiPorts, ScsiRequest } from "./ports.ts";
import type { SavedDisks, SavedMount } from "./saved.ts";

interface Disk {
  readonly device: SharedDevice;
  readonly slot: number;
  readonly request: DiskRequest;
  readonly location: ScsiLocation;
  readonly mounts: Map<string, DiskMount>;
}

interface DiskMount {
  readonly device: SharedDevice;
  readonly request: ScsiRequest;
  readonly guestPath: string;
}

/**
 * The SCSI disks of one VM. Requests of the same image in the same mode share one attachment, and those that mount it
 * alike one mount; the last to go takes it out.
 */
export class ScsiController {
  readonly #ports: ScsiPorts;
  readonly #disks = new Map<string, Disk>();
  /** On their way out, with their keys: the same image is attached again only after that. */
  readonly #leaving = new Map<SharedDevice, string>();
  readonly #slots: Set<number>;

  /** `saved`: of a restored VM; who held a disk reserves it again by the same request. */
  constructor(ports: ScsiPorts, saved: SavedDisks = { slots: [], disks: [] }) {
    this.#ports = ports;
    this.#slots = new Set(saved.slots);
    for (const { slot, mounts, isMapped, ...request } of saved.disks) {
      const disk = this.#add(request, slot, "none", isMapped);
      for (const mount of mounts) this.#mount(disk, mount.request, mount);
    }
  }

  /** While nothing is being done to them, or nobody will know how it went. */
  save(): SavedDisks {
    const disks = [...this.#disks.values()].map(({ slot, request: disk, device, mounts }) => ({
      ...{ slot, ...disk, isMapped: device.state === "mapped" },
      mounts: [...mounts.values()].map((mount) => {
        const { request, guestPath } = mount;
        return { request, guestPath, isMapped: mount.device.state === "mapped" };
      }),
    }));
    return { slots: [...this.#slots], disks };
  }

  /**
   * Bookkeeping only. Throws resource-exhausted where every LUN is taken, failed-precondition where there is none,
   * already-exists for a guest path that another disk is mounted on.
   */
  reserve(request: ScsiRequest): Mapping {
    this.#refuseTaken(request);
    const disk = this.#disk(request);
    const mount = disk.mounts.get(mountKey(request)) ?? this.#mount(disk, request);
    const what = `disk ${request.hostPath}${request.readOnly ? " (read-only)" : ""}`;
    return reserveMapping(mount.device, { what, guestPath: mount.guestPath });
  }

  /** Whether somebody has that disk, however mounted. */
  holds(request: DiskRequest): boolean {
    return this.#disks.has(diskKey(request));
  }

  /** hcsshim's GetScsiUvmPath: of the first mount of that image. Throws not-found where there is none. */
  guestPathOf(hostPath: string): string {
    for (const { request, mounts } of this.#disks.values()) {
      const [mount] = mounts.values();
      if (request.hostPath === hostPath && mount !== undefined) return mount.guestPath;
    }
    throw notAttached(`disk ${hostPath}`);
  }

  /** For reports and tests. */
  get held(): number {
    return this.#slots.size;
  }

  #refuseTaken({ guestPath, ...wanted }: ScsiRequest): void {
    if (guestPath === undefined) return;
    for (const [key, { request, mounts }] of this.#disks) {
      for (const mount of mounts.values()) {
        if (mount.guestPath !== guestPath) continue;
        if (key === diskKey(wanted) && mountKey(mount.request) === mountKey({ ...wanted, guestPath })) continue;
        throw alreadyAttached(`disk ${request.hostPath}`, guestPath, wanted.hostPath);
      }
    }
  }

  #disk(request: ScsiRequest): Disk {
    const known = this.#disks.get(diskKey(request));
    if (known !== undefined) return known;
    return this.#add(diskOf(request), this.#freeSlot(request.hostPath), request.access);
  }

  #add(request: DiskRequest, slot: number, access: ScsiRequest["access"], isMapped?: boolean): Disk {
    const { hostPath } = request;
    const key = diskKey(request);
    const { uvm, guest, limits } = this.#ports;
    const location = { controller: Math.floor(slot / uvm.scsiLimits.luns), lun: slot % uvm.scsiLimits.luns };
    const before = [...this.#leaving].filter(([, of]) => of === key);
    const id = `disk ${location.controller}:${location.lun} (${hostPath})`;
    const device = new SharedDevice(
      id,
      {
        map: async () => {
          for (const [earlier] of before) await earlier.cleared();
          if (access !== undefined && access !== "none") {
            await bounded(limits.host, `access to ${id}`, async (o) => uvm.grantVmAccess?.(hostPath, access, o));
          }
          await bounded(limits.host, `attaching ${id}`, (o) => uvm.addScsiDisk({ ...location, ...request }, o));
        },
        unmap: async () => {
          // The guest lets go first: a disk that is pulled out under it leaves errors in its kernel.
          await bounded(limits.guest, `ejecting ${id}`, (o) => guest.removeScsiDevice(location, o)).catch(unlessGone);
          await bounded(limits.host, `detaching ${id}`, (o) => uvm.removeScsiDisk(location, o));
        },
      },
      {
        ...(isMapped !== undefined && { isMapped }),
        onLeave: () => {
          if (this.#disks.get(key) !== disk) return;
          this.#disks.delete(key);
          this.#leaving.set(device, key);
        },
        onGone: () => {
          this.#slots.delete(slot);
          this.#leaving.delete(device);
        },
      },
    );
    const disk: Disk = { device, slot, request, location, mounts: new Map() };
    this.#slots.add(slot);
    this.#disks.set(key, disk);
    return disk;
  }

  #mount(disk: Disk, request: ScsiRequest, saved?: SavedMount): DiskMount {
    const { guest, limits, nextMountPath } = this.#ports;
    const { readOnly, partition = 0, fileSystem, options = [], ensureFileSystem, encrypted } = request;
    const key = mountKey(request);
    const guestPath = saved?.guestPath ?? request.guestPath ?? nextMountPath();
    const settings = {
      ...disk.location,
      mountPath: guestPath,
      partition: BigInt(partition),
      readOnly,
      options: [...options],
      ...(fileSystem === undefined ? { blockDev: true } : { filesystem: fileSystem }),
      ...(ensureFileSystem && { ensureFilesystem: true }),
      ...(encrypted && { encrypted }),
    };
    const what = `mount of ${request.hostPath} on ${guestPath}`;
    const below: Reservation = disk.device.reserve();
    const device = new SharedDevice(
      what,
      {
        map: () => bounded(limits.guest, what, (o) => guest.addMappedVirtualDisk(settings, o)),
        unmap: () => bounded(limits.guest, `un${what}`, (o) => guest.removeMappedVirtualDisk(settings, o)),
      },
      {
        below,
        onLeave: () => void (disk.mounts.get(key)?.device === device && disk.mounts.delete(key)),
        ...(saved && { isMapped: saved.isMapped }),
      },
    );
    const mount = { device, request, guestPath };
    disk.mounts.set(key, mount);
    return mount;
  }

  #freeSlot(hostPath: string): number {
    const { controllers, luns, reserved = [] } = this.#ports.uvm.scsiLimits;
    if (controllers === 0) throw noScsiControllers(hostPath);
    const taken = new Set(this.#slots);
    for (const { controller, lun } of reserved) {
      const slot = controller * luns + lun;
      if (lun >= luns || controller >= controllers) throw tooManyAttachments(`${controller}:${lun}`, controllers, luns);
      taken.add(slot);
    }
    for (let slot = 0; slot < controllers * luns; slot++) if (!taken.has(slot)) return slot;
    throw noAvailableLocation(`disk ${hostPath}`, controllers * luns, "places for disks");
  }
}

const diskOf = ({ hostPath, readOnly, type, extensibleDiskType }: DiskRequest): DiskRequest => ({
  ...{ hostPath, readOnly },
  ...(type !== undefined && { type }),
  ...(extensibleDiskType !== undefined && { extensibleDiskType }),
});

const diskKey = ({ hostPath, readOnly, type = "VirtualDisk", extensibleDiskType }: DiskRequest): string =>
  JSON.stringify([hostPath, readOnly, type, extensibleDiskType]);

const mountKey = (request: ScsiRequest): string => {
  const { partition = 0, fileSystem, options = [], guestPath, ensureFileSystem, encrypted } = request;
  return JSON.stringify([partition, fileSystem, options, guestPath, ensureFileSystem, encrypted]);
};

function unlessGone(cause: unknown): void {
  if (!isGone(cause)) throw cause;
}
