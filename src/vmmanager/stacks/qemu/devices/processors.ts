import { invalidArgument, ShimError } from "../../../../errors/shim-error.ts";
import type { CallOptions } from "../../../lifetime.ts";
import { notSupported } from "../../../support.ts";
import { bounded, type DeviceContext, plug } from "./context.ts";
import type { PluggedProcessor } from "./hardware.ts";
import { processorDevice } from "./qmp-arguments.ts";

/**
 * Under KVM processors are added only: device_del of one corrupts the heap of QEMU 7.2. An emulated VM has them all from
 * the start (`growthArguments`), and how many are used is the guest's part alone.
 */
export class Processors {
  readonly #context: DeviceContext;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(context: DeviceContext) {
    this.#context = context;
  }

  /** The guest brings them online. */
  async updateProcessors(count: number, options?: CallOptions): Promise<void> {
    const call = bounded(options);
    if (!Number.isSafeInteger(count) || count < 1) {
      throw invalidArgument(`vm ${this.#context.id} is asked for ${count} processors; cannot update it: use 1 or more`);
    }
    const { maxProcessors } = this.#context.sizing;
    if (count > maxProcessors) {
      throw new ShimError(
        "out-of-range",
        `vm ${this.#context.id} is asked for ${count} processors; cannot update it: it was made for ${maxProcessors} at most`,
      );
    }
    if (this.#context.accelerator === "tcg") return;
    // One after the other: each fills the places that the one before has left.
    const update = this.#turn.then(() => this.#update(count, call));
    this.#turn = update.catch(() => undefined);
    await update;
  }

  async #update(count: number, call: { signal: AbortSignal }): Promise<void> {
    const { hardware, monitor } = this.#context;
    const places = await monitor.qmp.execute("query-hotpluggable-cpus", undefined, call);
    const free = places.filter(({ qomPath }) => qomPath === undefined);
    const taken = places.length - free.length;
    if (count < taken) throw notSupported("qemu", "processor", "remove");
    // QEMU lists the last place first; the guest numbers them as they come.
    for (const { type, props } of free.reverse().slice(0, count - taken)) {
      const processor = withoutUndefined({ type, ...props });
      await plug(this.#context, hardware.processors, processor, "a processor", async () => {
        await monitor.qmp.execute("device_add", processorDevice(processor), call);
      });
    }
  }
}

function withoutUndefined(place: { [K in keyof PluggedProcessor]: PluggedProcessor[K] | undefined }): PluggedProcessor {
  const known = Object.entries(place).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as unknown as PluggedProcessor;
}
