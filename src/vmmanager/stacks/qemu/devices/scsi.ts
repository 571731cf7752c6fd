import { alreadyExists, invalidArgument, notFound, unimplemented } from "../../../../errors/shim-error.ts";
import { unlessAborted } from "../../../../errors/unless-aborted.ts";
import { close } from "../../../../sys/libc.ts";
import { openHostFile } from "../../../host-file.ts";
import type { CallOptions } from "../../../lifetime.ts";
import type { ScsiDisk, ScsiLocation, ScsiManager } from "../../../scsi.ts";
import { removeDevice } from "../qmp/device-removal.ts";
import { bounded, type DeviceContext, inSteps, plug, remove, type Undo, unlessNotFound } from "./context.ts";
import { SCSI_LIMITS } from "./hardware.ts";
import { controllerDevice, controllerId, diskDevice, diskId, diskNode } from "./qmp-arguments.ts";

export class ScsiDisks implements ScsiManager {
  readonly scsiLimits = SCSI_LIMITS;
  readonly #context: DeviceContext;
  /** Those on their way in. */
  readonly #controllers = new Map<number, Promise<void>>();

  constructor(context: DeviceContext) {
    this.#context = context;
  }

  async addScsiDisk(disk: ScsiDisk, options?: CallOptions): Promise<void> {
    checkLocation(disk);
    if (disk.type === "ExtensibleVirtualDisk") {
      throw unimplemented(`${named(disk)} is an extensible virtual disk; stack qemu cannot attach ${disk.hostPath}`);
    }
    const call = bounded(options);
    const { disks } = this.#context.hardware;
    if (disks.some((other) => isAt(other, disk))) {
      throw alreadyExists(`${named(disk)} is taken; cannot attach ${disk.hostPath} there: detach what is there first`);
    }
    const { controller, lun, hostPath, readOnly } = disk;
    await plug(this.#context, disks, { controller, lun, hostPath, readOnly }, named(disk), async (done) => {
      await unlessAborted(this.#needController(controller), call.signal);
      await this.#attach(disk, done, call);
    });
  }

  async removeScsiDisk(location: ScsiLocation, options?: CallOptions): Promise<void> {
    const call = bounded(options);
    const { disks } = this.#context.hardware;
    const disk = disks.find((other) => isAt(other, location));
    if (disk === undefined) throw notFound(`${named(location)} holds no disk; cannot detach it`);
    await removeDevice(this.#context.monitor.qmp, diskId(disk), call);
    await this.#removeNode(disk, call);
    remove(disks, disk);
  }

  /** Attaches again what is listed: to a new QEMU that has the controllers and waits for the saved state. */
  async restoreDisks(options?: CallOptions): Promise<void> {
    const call = bounded(options);
    for (const disk of this.#context.hardware.disks) {
      await inSteps(this.#context, named(disk), (done) => this.#attach(disk, done, call));
    }
  }

  async #attach(disk: ScsiDisk, done: (undo: Undo) => void, call: { signal: AbortSignal }): Promise<void> {
    const { qmp } = this.#context.monitor;
    const file = openHostFile(disk.hostPath, disk.readOnly);
    try {
      const set = await this.#context.monitor.addFd(file.fd, call);
      try {
        done((undo) => this.#removeNode(disk, undo));
        await qmp.execute("blockdev-add", diskNode(disk, { ...file, path: set.path }), call);
      } finally {
        // The node has a copy of the fd; with it the set goes.
        await this.#context.monitor.removeFd(set.id, { signal: AbortSignal.timeout(10_000) });
      }
    } finally {
      close(file.fd);
    }
    done((undo) => removeDevice(qmp, diskId(disk), undo));
    await qmp.execute("device_add", diskDevice(disk), call);
  }

  async #removeNode(disk: ScsiLocation, call: { signal: AbortSignal }): Promise<void> {
    const { qmp } = this.#context.monitor;
    await qmp.execute("blockdev-del", { "node-name": diskId(disk) }, call).catch(unlessNotFound);
  }

  /**
   * Controllers stay once they are there: the guest would have to agree to their going. All disks that wait for one wait
   * for one attempt, which no caller's signal ends.
   */
  #needController(controller: number): Promise<void> {
    const { hardware, monitor } = this.#context;
    if (controller === 0) return Promise.resolve();
    const coming = this.#controllers.get(controller);
    if (coming !== undefined) return coming;
    if (hardware.controllers.includes(controller)) return Promise.resolve();
    const call = bounded(undefined);
    const what = `SCSI controller ${controller}`;
    const adding = plug(this.#context, hardware.controllers, controller, what, async (done) => {
      done((undo) => removeDevice(monitor.qmp, controllerId(controller), undo));
      await monitor.qmp.execute("device_add", controllerDevice(controller), call);
    }).finally(() => this.#controllers.delete(controller));
    this.#controllers.set(controller, adding);
    return adding;
  }
}

const isAt = (a: ScsiLocation, b: ScsiLocation): boolean => a.controller === b.controller && a.lun === b.lun;

const named = ({ controller, lun }: ScsiLocation): string => `SCSI controller ${controller}, LUN ${lun}`;

function checkLocation(location: ScsiLocation): void {
  const { controller, lun } = location;
  const isWithin = (value: number, limit: number): boolean => Number.isInteger(value) && value >= 0 && value < limit;
  if (!isWithin(controller, SCSI_LIMITS.controllers) || !isWithin(lun, SCSI_LIMITS.luns)) {
    const { controllers, luns } = SCSI_LIMITS;
    throw invalidArgument(`${named(location)} does not exist; this VM has ${controllers} controllers of ${luns} LUNs`);
  }
}
