import { statSync } from "node:fs";
import { notFound } from "../../../errors/shim-error.ts";
import type { GuestVpmem } from "../../../guestmanager/vpmem.ts";
import type { VpmemManager } from "../../../vmmanager/vpmem.ts";
import type { DeviceLimits } from "../ports.ts";

export interface VpmemPorts {
  readonly uvm: VpmemManager;
  readonly guest: GuestVpmem;
  /** Each call another. */
  readonly nextMountPath: () => string;
  readonly limits: DeviceLimits;
  readonly files?: VpmemFiles;
}

export interface VpmemFiles {
  /** Bytes. Throws not-found. */
  size(path: string): bigint;
}

/** A read-only image of the host (a VHD of a layer), mounted in a Linux guest. */
export interface VpmemRequest {
  readonly hostPath: string;
}

export const hostVpmemFiles: VpmemFiles = {
  size(path) {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined) throw notFound(`${path} does not exist; cannot attach it`);
    return stat.size;
  },
};
