import { ShimError } from "../../../errors/shim-error.ts";
import type { ScsiLocation } from "../../../vmmanager/scsi.ts";
import { bounded } from "../../deadline.ts";
import { isGone } from "../../release-list.ts";
import type { Mapping } from "../mapping.ts";
import { type Reservation, SharedDevice } from "../shared-device.ts";
import type { ScsiPorts, ScsiRequest } from "./ports.ts";
import type { SavedDisks, SavedMount } from "./saved.ts";

interface Disk {
  readonly device: SharedDevice;
  readonly slot: number;
  readonly hostPath: string;
  readonly readOnly: boolean;
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
  /** On their way out, by key: the same image is attached again only after that. */
  readonly #leaving = new Map<string, SharedDevice>();
  readonly #slots: Set<number>;

  /** `saved`: of a restored VM; who held a disk reserves it again by the same request. */
  constructor(ports: ScsiPorts, saved: SavedDisks = { slots: [], disks: [] }) {
    this.#ports = ports;
    this.#slots = new Set(saved.slots);
    for (const { slot, mounts, isMapped, ...request } of saved.disks) {
      const disk = this.#add(request, slot, isMapped);
      for (const mount of mounts) this.#mount(disk, mount.request, mount);
    }
  }

  /** While nothing is being done to them, or nobody will know how it went. */
  save(): SavedDisks {
    const disks = [...this.#disks.values()].map(({ slot, hostPath, readOnly, device, mounts }) => ({
      ...{ slot, hostPath, readOnly, isMapped: device.state === "mapped" },
      mounts: [...mounts.values()].map((mount) => {
        const { request, guestPath } = mount;
        return { request, guestPath, isMapped: mount.device.state === "mapped" };
      }),
    }));
    return { slots: [...this.#slots], disks };
  }

  /** Bookkeeping only. Throws resource-exhausted where every LUN is taken. */
  reserve(request: ScsiRequest): Mapping {
    const disk = this.#disk(request);
    const mount = disk.mounts.get(mountKey(request)) ?? this.#mount(disk, request);
    const reservation = mount.device.reserve();
    return {
      what: `disk ${request.hostPath}${request.readOnly ? " (read-only)" : ""}`,
      guestPath: mount.guestPath,
      map: () => mount.device.map(reservation),
      unmap: () => mount.device.unmap(reservation),
    };
  }

  /** For reports and tests. */
  get held(): number {
    return this.#slots.size;
  }

  #disk(request: ScsiRequest): Disk {
    return this.#disks.get(diskKey(request)) ?? this.#add(request, this.#freeSlot(request.hostPath));
  }

  #add({ hostPath, readOnly }: Pick<ScsiRequest, "hostPath" | "readOnly">, slot: number, isMapped?: boolean): Disk {
    const key = diskKey({ hostPath, readOnly });
    const { uvm, guest, limits } = this.#ports;
    const location = { controller: Math.floor(slot / uvm.scsiLimits.luns), lun: slot % uvm.scsiLimits.luns };
    const before = this.#leaving.get(key);
    const id = `disk ${location.controller}:${location.lun} (${hostPath})`;
    const device = new SharedDevice(
      id,
      {
        map: async () => {
          await before?.settled();
          await bounded(limits.host, `attaching ${id}`, (o) => uvm.addScsiDisk({ ...location, hostPath, readOnly }, o));
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
          this.#leaving.set(key, device);
        },
        onGone: () => {
          this.#slots.delete(slot);
          if (this.#leaving.get(key) === device) this.#leaving.delete(key);
        },
      },
    );
    const disk: Disk = { device, slot, hostPath, readOnly, location, mounts: new Map() };
    this.#slots.add(slot);
    this.#disks.set(key, disk);
    return disk;
  }

  #mount(disk: Disk, request: ScsiRequest, saved?: SavedMount): DiskMount {
    const { guest, limits, nextMountPath } = this.#ports;
    const { readOnly, partition = 0, fileSystem, options = [] } = request;
    const key = mountKey(request);
    const guestPath = saved?.guestPath ?? request.guestPath ?? nextMountPath();
    const settings = {
      ...disk.location,
      mountPath: guestPath,
      partition: BigInt(partition),
      readOnly,
      options: [...options],
      ...(fileSystem === undefined ? { blockDev: true } : { filesystem: fileSystem }),
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
    const { controllers, luns } = this.#ports.uvm.scsiLimits;
    for (let slot = 0; slot < controllers * luns; slot++) if (!this.#slots.has(slot)) return slot;
    throw new ShimError(
      "resource-exhausted",
      `disk ${hostPath} cannot be attached: all ${controllers * luns} places for disks of this vm are taken`,
    );
  }
}

const diskKey = ({ hostPath, readOnly }: Pick<ScsiRequest, "hostPath" | "readOnly">): string =>
  JSON.stringify([hostPath, readOnly]);

const mountKey = ({ partition = 0, fileSystem, options = [], guestPath }: ScsiRequest): string =>
  JSON.stringify([partition, fileSystem, options, guestPath]);

function unlessGone(cause: unknown): void {
  if (!isGone(cause)) throw cause;
}
