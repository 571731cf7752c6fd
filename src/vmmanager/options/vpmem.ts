import { boot } from "../../config/annotations/vm-boot.ts";
import { failedPrecondition, invalidArgument, unimplemented } from "../../errors/shim-error.ts";
import type { AnnotationReader } from "./annotation-reader.ts";
import { Build, type HostFacts } from "./host-facts.ts";

/** hcsshim's: how many devices a VM has, and how many it can have. */
export const DEFAULT_VPMEM_COUNT = 64;
export const MAX_VPMEM_COUNT = 128;
/** Bytes of one device. */
export const DEFAULT_VPMEM_SIZE = 4n << 30n;
const PAGE = 4096n;

/** The VPMem controller of an LCOW VM. */
export interface Vpmem {
  readonly count: number;
  /** Of one device; a multiple of 4096. */
  readonly sizeBytes: bigint;
  /** Several layers share a device. */
  readonly multiMapping: boolean;
}

/**
 * Undefined for a VM without VPMem: that is every VM where the shim hands out none (hcsshim's LCOW shim v2), and there
 * asking for it is an error; and one whose memory must be physical.
 */
export function readVpmem(
  read: AnnotationReader,
  host: HostFacts,
  vm: { readonly offered: boolean; readonly physical: boolean },
): Vpmem | undefined {
  const fallback = vm.offered && host.architecture !== "arm64" ? DEFAULT_VPMEM_COUNT : 0;
  const asked = read.u32(boot.vpmemCount, fallback);
  if (!vm.offered && read.text({ ...boot.vpmemNoMultiMapping, type: "text" }) !== "") {
    throw unimplemented(`annotation ${boot.vpmemNoMultiMapping.name} is not supported: this shim has no VPMem`);
  }
  if (vm.physical || asked === 0) return undefined;
  if (host.architecture === "arm64") {
    if (!vm.offered) return undefined;
    throw failedPrecondition(`the host is arm64; cannot give VPMem: set ${boot.vpmemCount.name} to 0`);
  }
  if (!vm.offered) throw unimplemented(`annotation ${boot.vpmemCount.name} is ${asked}: this shim has no VPMem`);
  if (asked > MAX_VPMEM_COUNT)
    throw invalidArgument(`${asked} VPMem devices are asked for: there can be ${MAX_VPMEM_COUNT}`);
  const sizeBytes = read.u64(boot.vpmemSize, DEFAULT_VPMEM_SIZE);
  if (sizeBytes % PAGE !== 0n) throw invalidArgument(`VPMem devices of ${sizeBytes} bytes: give a multiple of ${PAGE}`);
  return { count: asked, sizeBytes, multiMapping: !read.bool(boot.vpmemNoMultiMapping, host.build < Build.V19H1) };
}
