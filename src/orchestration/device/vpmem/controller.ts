import { bounded } from "../../deadline.ts";
import { maxVpmemLayerSize, noAvailableLocation } from "../errors.ts";
import { type Mapping, reserveMapping } from "../mapping.ts";
import type { DeviceSteps } from "../ports.ts";
import { SharedDevice } from "../shared-device.ts";
import { type VpmemPlace, VpmemPlaces } from "./places.ts";
import { hostVpmemFiles, type VpmemPorts, type VpmemRequest } from "./ports.ts";

interface Image {
  readonly device: SharedDevice;
  readonly place: VpmemPlace;
  readonly bytes: bigint;
  mount?: { readonly device: SharedDevice; readonly guestPath: string } | undefined;
  /** Mounts on their way out: the guest has one device mapper target for the image. */
  readonly leaving: Set<SharedDevice>;
}

const PAGE = 4096n;
const noLimits = { devices: 0, deviceBytes: 0n, multiMapping: false };

/**
 * Images in the persistent memory of one Linux VM: each once for all who ask for it, alone on a device or, where the VM's
 * document says so, packed with others. The image at a device's begin brings the device and so goes as its last: HCS
 * cannot take out the others without it.
 */
export class VpmemController {
  readonly #ports: VpmemPorts;
  readonly #places: VpmemPlaces;
  readonly #images = new Map<string, Image>();
  /** By number: the image at its begin, while others may be packed behind it. */
  readonly #carriers = new Map<number, SharedDevice>();

  constructor(ports: VpmemPorts) {
    this.#ports = ports;
    this.#places = new VpmemPlaces(ports.uvm.vpmemLimits ?? noLimits);
  }

  /** For reports, saves and tests. */
  get held(): number {
    return this.#places.count;
  }

  /**
   * Bookkeeping, and a look at the file's size. Throws not-found; out-of-range for an image that is larger than a device,
   * resource-exhausted where no place is free: both can go on a SCSI disk.
   */
  reserve({ hostPath }: VpmemRequest): Mapping {
    const image = this.#images.get(hostPath) ?? this.#image(hostPath);
    image.mount ??= this.#mount(image, hostPath);
    return reserveMapping(image.mount.device, { what: `layer ${hostPath}`, guestPath: image.mount.guestPath });
  }

  #image(hostPath: string): Image {
    const { uvm, files = hostVpmemFiles } = this.#ports;
    const { devices, deviceBytes, multiMapping } = uvm.vpmemLimits ?? noLimits;
    const size = files.size(hostPath);
    const bytes = ((size + PAGE - 1n) / PAGE) * PAGE;
    if (devices > 0 && bytes > deviceBytes) throw maxVpmemLayerSize(hostPath, size, deviceBytes);
    const isOpen = (deviceNumber: number): boolean =>
      ["reserved", "mapping", "mapped"].includes(this.#carriers.get(deviceNumber)?.state ?? "gone");
    const place = this.#places.take(Number(bytes), isOpen);
    if (place === undefined) throw noAvailableLocation(`layer ${hostPath}`, devices, "VPMem devices");
    const { deviceNumber, offset } = place;
    const carrier = offset === 0 ? undefined : this.#carriers.get(deviceNumber);
    const below = carrier?.reserve();
    const what = `vpmem ${deviceNumber}${multiMapping ? ` at ${offset}` : ""} (${hostPath})`;
    const device = new SharedDevice(what, this.#steps(hostPath, place, what), {
      ...(below && { below }),
      onLeave: () => {
        if (this.#images.get(hostPath)?.device === device) this.#images.delete(hostPath);
        if (this.#carriers.get(deviceNumber) === device) this.#carriers.delete(deviceNumber);
      },
      onGone: () => this.#places.give(place),
    });
    if (multiMapping && offset === 0) this.#carriers.set(deviceNumber, device);
    const image: Image = { device, place, bytes, leaving: new Set() };
    this.#images.set(hostPath, image);
    return image;
  }

  #steps(hostPath: string, { deviceNumber, offset }: VpmemPlace, what: string): DeviceSteps {
    const { uvm, limits } = this.#ports;
    const device = { deviceNumber, hostPath, readOnly: true };
    const mapping = { deviceNumber, offset: BigInt(offset) };
    return {
      map: () =>
        bounded(limits.host, `attaching ${what}`, (o) =>
          offset === 0 ? uvm.addVpmemDevice(device, o) : uvm.addVpmemMapping({ ...device, ...mapping }, o),
        ),
      unmap: () =>
        bounded(limits.host, `detaching ${what}`, (o) =>
          uvm.vpmemLimits?.multiMapping ? uvm.removeVpmemMapping(mapping, o) : uvm.removeVpmemDevice(deviceNumber, o),
        ),
    };
  }

  #mount(image: Image, hostPath: string): NonNullable<Image["mount"]> {
    const { uvm, guest, limits, nextMountPath } = this.#ports;
    const { deviceNumber, offset } = image.place;
    const guestPath = nextMountPath();
    const settings = {
      ...{ deviceNumber, mountPath: guestPath },
      ...(uvm.vpmemLimits?.multiMapping && {
        mappingInfo: { deviceOffsetInBytes: BigInt(offset), deviceSizeInBytes: image.bytes },
      }),
    };
    const what = `mount of ${hostPath} on ${guestPath}`;
    const before = [...image.leaving];
    const device = new SharedDevice(
      what,
      {
        map: async () => {
          for (const earlier of before) await earlier.cleared();
          await bounded(limits.guest, what, (o) => guest.addVpmemDevice(settings, o));
        },
        unmap: () => bounded(limits.guest, `un${what}`, (o) => guest.removeVpmemDevice(settings, o)),
      },
      {
        below: image.device.reserve(),
        onLeave: () => {
          if (image.mount?.device !== device) return;
          image.mount = undefined;
          image.leaving.add(device);
        },
        onGone: () => image.leaving.delete(device),
      },
    );
    return { device, guestPath };
  }
}
