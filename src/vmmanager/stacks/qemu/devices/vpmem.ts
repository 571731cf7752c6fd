import { chmodSync, constants, copyFileSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { alreadyExists, invalidArgument, ShimError, unimplemented } from "../../../../errors/shim-error.ts";
import { close } from "../../../../sys/libc.ts";
import { type HostFile, openHostFile } from "../../../host-file.ts";
import type { CallOptions } from "../../../lifetime.ts";
import { notSupported } from "../../../support.ts";
import type { VpmemDevice, VpmemLimits, VpmemManager } from "../../../vpmem.ts";
import { bounded, type DeviceContext, plug, type Undo } from "./context.ts";
import { MEMORY_SLOTS, MIB, type PluggedVpmem } from "./hardware.ts";
import { vpmemBackend, vpmemDevice } from "./qmp-arguments.ts";

/** What the guest's kernel maps at once; a smaller rest would not be seen. */
const ALIGNMENT = 2 * MIB;
/** An NVDIMM lies in the guest's address space, not in its memory. */
export const VPMEM_LIMITS: VpmemLimits = { devices: MEMORY_SLOTS, deviceBytes: 1n << 40n, multiMapping: false };
const READABLE_FOR_ALL = 0o004;

/** Images as NVDIMMs. QEMU 7.2 can't take one out again. */
export class VpmemDevices implements Pick<VpmemManager, "addVpmemDevice" | "removeVpmemDevice"> {
  readonly #context: DeviceContext;

  constructor(context: DeviceContext) {
    this.#context = context;
  }

  async addVpmemDevice({ deviceNumber, hostPath, readOnly }: VpmemDevice, options?: CallOptions): Promise<void> {
    const call = bounded(options);
    const { hardware, stateDirectory, id } = this.#context;
    const what = `VPMem device ${deviceNumber}`;
    if (!Number.isInteger(deviceNumber) || deviceNumber < 0 || deviceNumber >= MEMORY_SLOTS) {
      throw invalidArgument(`${what} does not exist; a VM has places 0 to ${MEMORY_SLOTS - 1}`);
    }
    if (!readOnly) throw unimplemented(`${what} can't be writable; cannot add ${hostPath}: attach it as a SCSI disk`);
    if (hardware.vpmem.some((other) => other.deviceNumber === deviceNumber)) {
      throw alreadyExists(`${what} is taken in vm ${id}; cannot add ${hostPath} there: use another number`);
    }
    const file = openAligned(hostPath, join(stateDirectory, `vpmem-${deviceNumber}`));
    try {
      const device = { deviceNumber, hostPath, bytes: file.size };
      await plug(this.#context, hardware.vpmem, device, what, (done) => this.#add(device, file.fd, done, call));
    } finally {
      close(file.fd);
    }
  }

  async removeVpmemDevice(_deviceNumber: number, _options?: CallOptions): Promise<void> {
    throw notSupported("qemu", "vpmem", "remove");
  }

  async #add(
    device: PluggedVpmem,
    fd: number,
    done: (undo: Undo) => void,
    call: { signal: AbortSignal },
  ): Promise<void> {
    const { monitor } = this.#context;
    const { qmp } = monitor;
    const set = await monitor.addFd(fd, call);
    try {
      // A memory backend knows no fd sets: it opens the file again, through the fd that the set has.
      const sets = await qmp.execute("query-fdsets", undefined, call);
      const theirs = sets.find(({ id }) => id === set.id)?.fds[0]?.fd;
      if (theirs === undefined) throw new ShimError("internal", `QEMU has lost fd set ${set.id}`);
      const backend = vpmemBackend(device, `/proc/self/fd/${theirs}`);
      await qmp.execute("object-add", backend, call);
      done((undo) => qmp.execute("object-del", { id: backend.id }, undo));
      await qmp.execute("device_add", vpmemDevice(device), call);
    } finally {
      await monitor.removeFd(set.id, { signal: AbortSignal.timeout(10_000) });
    }
  }
}

/**
 * The image, as QEMU's user can open it and of a size that an NVDIMM can have. One that is neither is copied: as its
 * blocks' twin where the file system can, and without a name.
 */
function openAligned(path: string, copy: string): HostFile {
  const file = openHostFile(path, true);
  try {
    if (file.isBlockDevice || file.size === 0) {
      throw invalidArgument(`${path} is a block device or empty; cannot add it as VPMem: attach it as a SCSI disk`);
    }
    if (file.size % ALIGNMENT === 0 && (file.mode & READABLE_FOR_ALL) !== 0) return file;
  } catch (error) {
    close(file.fd);
    throw error;
  }
  try {
    // By the fd that was looked at.
    copyFileSync(`/proc/self/fd/${file.fd}`, copy, constants.COPYFILE_FICLONE);
    truncateSync(copy, Math.ceil(file.size / ALIGNMENT) * ALIGNMENT);
    chmodSync(copy, 0o444);
    return openHostFile(copy, true);
  } finally {
    rmSync(copy, { force: true });
    close(file.fd);
  }
}
