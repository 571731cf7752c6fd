import { failedPrecondition, unavailable, unimplemented } from "../../../../errors/shim-error.ts";
import { unlessAborted } from "../../../../errors/unless-aborted.ts";
import { close } from "../../../../sys/libc.ts";
import type { CallOptions } from "../../../lifetime.ts";
import type { Plan9Manager, Plan9Share } from "../../../plan9.ts";
import { ShareTree } from "../../../share-tree.ts";
import { removeDevice } from "../qmp/device-removal.ts";
import { bounded, type DeviceContext, type DeviceSettings, inSteps, unlessNotFound } from "./context.ts";
import { SHARES_ID, sharesChardev, sharesDevice } from "./qmp-arguments.ts";
import { Virtiofsd } from "./virtiofsd.ts";

const FD_NAME = "shares";

/** Serves no share yet. */
function startVirtiofsd(settings: DeviceSettings): Virtiofsd {
  if (settings.directory !== undefined) return Virtiofsd.start(settings, settings.directory.path);
  const tree = new ShareTree(settings.stateDirectory);
  tree.prepare();
  try {
    return Virtiofsd.start(settings, tree.path);
  } catch (error) {
    tree.close();
    throw error;
  }
}

/** Shares as bind mounts under the one directory that a virtiofsd serves: nothing is plugged in for each. */
export class Plan9Shares implements Plan9Manager {
  readonly #context: DeviceContext;
  readonly #tree: ShareTree;
  #virtiofsd: Virtiofsd | undefined;
  #plugging: Promise<void> | undefined;
  #closed = false;

  constructor(context: DeviceContext) {
    this.#context = context;
    this.#tree = new ShareTree(context.stateDirectory);
  }

  /** Before the guest runs: it boots with the device. */
  async prepare(options?: CallOptions): Promise<void> {
    await this.#needDevice(bounded(options).signal);
  }

  async addPlan9Share(share: Plan9Share, options?: CallOptions): Promise<void> {
    const { signal } = bounded(options);
    signal.throwIfAborted();
    const { directory, id } = this.#context;
    if (directory !== undefined) {
      throw unimplemented(`vm ${id} serves its guest ${directory.path}; cannot share anything else with it`);
    }
    if (share.allowedNames !== undefined) {
      throw unimplemented(
        `share ${share.name} allows single names; stack qemu cannot add it: share each file by itself`,
      );
    }
    this.#tree.check(share);
    await this.#needDevice(signal);
    this.#tree.add(share);
  }

  async removePlan9Share(name: string, options?: CallOptions): Promise<void> {
    options?.signal?.throwIfAborted();
    const isBusy = this.#tree.remove(name);
    if (isBusy) this.#context.log.warn("the guest still uses a share that was removed", { share: name });
  }

  /** Ends virtiofsd and gives back every mount. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#plugging?.catch(() => undefined);
    await this.#virtiofsd?.stop();
    this.#tree.close();
  }

  /** All that wait for the device wait for one attempt, which no caller's signal ends. */
  async #needDevice(signal: AbortSignal): Promise<void> {
    if (this.#closed) throw failedPrecondition(`vm ${this.#context.id} is closed; cannot share with it`);
    const virtiofsd = this.#virtiofsd;
    if (virtiofsd !== undefined && !virtiofsd.isRunning) {
      throw unavailable(
        `virtiofsd of vm ${this.#context.id} has ended; cannot share with its guest any more: make the pod anew (${virtiofsd.words})`,
      );
    }
    if (virtiofsd !== undefined && this.#context.hardware.shares) return;
    this.#plugging ??= this.#plug().finally(() => {
      this.#plugging = undefined;
    });
    await unlessAborted(this.#plugging, signal);
  }

  async #plug(): Promise<void> {
    const { monitor, hardware } = this.#context;
    const { qmp } = monitor;
    const call = bounded(undefined);
    await inSteps(this.#context, "the device of the directory shares", async (done) => {
      const virtiofsd = startVirtiofsd(this.#context);
      this.#watch(virtiofsd);
      // From before it is there until it is gone for certain.
      hardware.shares = true;
      done(async () => {
        this.#virtiofsd = undefined;
        await virtiofsd.stop();
        hardware.shares = false;
      });
      const connection = virtiofsd.takeConnection();
      try {
        await monitor.nameFd(FD_NAME, connection, call);
      } finally {
        close(connection);
      }
      done((undo) => qmp.execute("closefd", { fdname: FD_NAME }, undo).catch(unlessNotFound));
      await qmp.execute("chardev-add", sharesChardev(FD_NAME), call);
      done((undo) => qmp.execute("chardev-remove", { id: SHARES_ID }, undo));
      done((undo) => removeDevice(qmp, SHARES_ID, undo));
      await qmp.execute("device_add", sharesDevice(this.#context.directory?.tag), call);
    });
  }

  #watch(virtiofsd: Virtiofsd): void {
    this.#virtiofsd = virtiofsd;
    void virtiofsd.exited.then(({ code }) => {
      if (this.#closed || this.#virtiofsd !== virtiofsd) return;
      const { log, id } = this.#context;
      log.error("virtiofsd has ended: the directory shares of the VM hang", { vm: id, code, said: virtiofsd.words });
    });
  }
}
