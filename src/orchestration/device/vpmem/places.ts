import type { VpmemLimits } from "../../../vmmanager/vpmem.ts";

const MIB = 1 << 20;
/** Of images on one device; hcsshim's MaxMappedDeviceCount. */
const MOST_IMAGES = 1024;

export interface VpmemPlace {
  readonly deviceNumber: number;
  /** Bytes from the device's begin; 0 for the image that brings the device with it. */
  readonly offset: number;
  /** Of the place; the image may be smaller. */
  readonly bytes: number;
}

/** Which places of the VPMem devices are free. The lowest is taken first: low devices fill up, high ones stay whole. */
export class VpmemPlaces {
  readonly #limits: VpmemLimits;
  /** By device; sorted by offset. */
  readonly #taken: VpmemPlace[][];

  constructor(limits: VpmemLimits) {
    this.#limits = limits;
    this.#taken = Array.from({ length: limits.devices }, () => []);
  }

  get count(): number {
    return this.#taken.reduce((sum, { length }) => sum + length, 0);
  }

  /** `isOpen`: more may be put onto that device. Undefined where no place is free. */
  take(bytes: number, isOpen: (deviceNumber: number) => boolean): VpmemPlace | undefined {
    const { reserved = [], multiMapping, deviceBytes } = this.#limits;
    if (bytes > deviceBytes) return undefined;
    for (const [deviceNumber, taken] of this.#taken.entries()) {
      if (reserved.includes(deviceNumber)) continue;
      const size = multiMapping ? placeSize(bytes, Number(deviceBytes)) : Number(deviceBytes);
      const open = taken.length === 0 || (multiMapping && taken.length < MOST_IMAGES && isOpen(deviceNumber));
      const offset = open ? freeOffset(taken, size, Number(deviceBytes)) : undefined;
      if (offset === undefined) continue;
      const place = { deviceNumber, offset, bytes: size };
      taken.push(place);
      taken.sort((a, b) => a.offset - b.offset);
      return place;
    }
    return undefined;
  }

  give(place: VpmemPlace): void {
    const taken = this.#taken[place.deviceNumber];
    taken?.splice(taken.indexOf(place), 1);
  }
}

/** hcsshim's classes, 1 MiB to 4 GiB in steps of four: what is freed is then of use to others, not a gap of odd size. */
function placeSize(bytes: number, deviceBytes: number): number {
  let size = MIB;
  while (size < bytes) size *= 4;
  return Math.min(size, deviceBytes);
}

function freeOffset(taken: readonly VpmemPlace[], size: number, deviceBytes: number): number | undefined {
  let offset = 0;
  for (const { offset: begin, bytes } of taken) {
    if (offset + size <= begin) break;
    // Aligned to its own size.
    offset = Math.max(offset, Math.ceil((begin + bytes) / size) * size);
  }
  return offset + size <= deviceBytes ? offset : undefined;
}
