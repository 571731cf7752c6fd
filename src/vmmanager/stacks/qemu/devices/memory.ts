import { setTimeout as sleep } from "node:timers/promises";
import { failedPrecondition, ShimError } from "../../../../errors/shim-error.ts";
import type { CallOptions } from "../../../lifetime.ts";
import { removeDevice } from "../qmp/device-removal.ts";
import { bounded, type DeviceContext, inSteps } from "./context.ts";
import { type ElasticMemory, MIB } from "./hardware.ts";
import { BALLOON_ID, balloonDevice, MEMORY_ID, memoryBackend, memoryDevice } from "./qmp-arguments.ts";

/** With less a guest does not come to its feet (reference: qemu 2). */
const LEAST_MIB = 128;
/** What virtio-mem plugs in at a time. */
const BLOCK_MIB = 2;
const POLL_MS = 100;
/** A guest that is still loading its driver, on a busy host, has moved nothing for longer than it takes between two blocks. */
const FIRST_MOVE_MS = 30_000;
/** A guest that has moved, and then nothing for so long, moves no more. */
const STALL_MS = 10_000;

/**
 * Memory above the boot size is plugged in and out in blocks of one virtio-mem device: it can come back block by block
 * where a DIMM can only as a whole. Below it a balloon takes pages from the guest. Both are added when they are needed.
 */
export class Memory {
  readonly #context: DeviceContext;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(context: DeviceContext) {
    this.#context = context;
  }

  async updateMemory(memoryMiB: number, options?: CallOptions): Promise<void> {
    const call = bounded(options);
    const { sizing, id } = this.#context;
    const most = sizing.maxMemoryMiB;
    const least = Math.min(LEAST_MIB, sizing.memoryMiB);
    if (!Number.isSafeInteger(memoryMiB) || memoryMiB < least || memoryMiB > most) {
      throw new ShimError(
        "out-of-range",
        `vm ${id} is asked for ${memoryMiB} MiB; cannot update its memory: it was made for ${least} to ${most} MiB`,
      );
    }
    const update = this.#turn.then(() => this.#update(memoryMiB, call));
    this.#turn = update.catch(() => undefined);
    await update;
  }

  async #update(memoryMiB: number, call: { signal: AbortSignal }): Promise<void> {
    const { sizing, hardware } = this.#context;
    const kept = Math.min(memoryMiB, sizing.memoryMiB);
    if (kept < sizing.memoryMiB || hardware.balloon) await this.#balloon(kept, call);
    const wanted = Math.ceil((memoryMiB - kept) / BLOCK_MIB) * BLOCK_MIB;
    if (wanted > 0 || hardware.memory !== undefined) await this.#plugIn(wanted, call);
  }

  async #plugIn(wantedMiB: number, call: { signal: AbortSignal }): Promise<void> {
    const { monitor, hardware } = this.#context;
    const { qmp } = monitor;
    const memory = hardware.memory ?? (await this.#addDevice(call));
    const requestedMiB = Math.min(wantedMiB, memory.sizeMiB);
    hardware.memory = { ...memory, requestedMiB };
    const path = `/machine/peripheral/${MEMORY_ID}`;
    await qmp.execute("qom-set", { path, property: "requested-size", value: requestedMiB * MIB }, call);
    const read = async (): Promise<number> => {
      const devices = await qmp.execute("query-memory-devices", undefined, call);
      return Number(devices.find(({ data }) => data.id === MEMORY_ID)?.data.size ?? 0n) / MIB;
    };
    this.#compare(await settled(read, requestedMiB, call.signal), requestedMiB, "memory that is plugged in");
  }

  async #balloon(keptMiB: number, call: { signal: AbortSignal }): Promise<void> {
    const { monitor, hardware } = this.#context;
    const { qmp } = monitor;
    if (!hardware.balloon) {
      await inSteps(this.#context, "the balloon", async (done) => {
        done((undo) => removeDevice(qmp, BALLOON_ID, undo));
        await qmp.execute("device_add", balloonDevice(), call);
      });
      hardware.balloon = true;
    }
    await qmp.execute("balloon", { value: keptMiB * MIB }, call);
    const read = async (): Promise<number> => {
      return Number((await qmp.execute("query-balloon", undefined, call)).actual) / MIB;
    };
    this.#compare(await settled(read, keptMiB, call.signal), keptMiB, "memory outside the balloon");
  }

  /** Too little is an error; too much is what the guest could not give back. */
  #compare(gotMiB: number, wantedMiB: number, what: string): void {
    const { id, log } = this.#context;
    if (gotMiB < wantedMiB) {
      throw failedPrecondition(
        `vm ${id} has taken ${gotMiB} of ${wantedMiB} MiB of ${what}; cannot update its memory further: its guest needs virtio_mem and virtio_balloon`,
      );
    }
    if (gotMiB > wantedMiB) log.info(`the guest keeps more ${what} than asked for`, { vm: id, gotMiB, wantedMiB });
  }

  async #addDevice(call: { signal: AbortSignal }): Promise<ElasticMemory> {
    const { monitor, sizing, hardware } = this.#context;
    const { qmp } = monitor;
    const sizeMiB = Math.floor((sizing.maxMemoryMiB - sizing.memoryMiB) / BLOCK_MIB) * BLOCK_MIB;
    const before = await qmp.execute("query-memory-devices", undefined, call);
    // The guest only uses whole memory blocks (128 MiB and more): behind an NVDIMM of odd size the first would be lost.
    const ends = before.map(({ data }) => Number((data.addr ?? data.memaddr ?? 0n) + data.size));
    const GIB = 1024 * MIB;
    const wanted = { sizeMiB, requestedMiB: 0, address: Math.ceil(Math.max(0, ...ends) / GIB) * GIB };
    await inSteps(this.#context, "memory", async (done) => {
      const backend = memoryBackend(wanted);
      await qmp.execute("object-add", backend, call);
      done((undo) => qmp.execute("object-del", { id: backend.id }, undo));
      done((undo) => removeDevice(qmp, MEMORY_ID, undo));
      await qmp.execute("device_add", memoryDevice(wanted), call);
    });
    const after = await qmp.execute("query-memory-devices", undefined, call);
    const address = Number(after.find(({ data }) => data.id === MEMORY_ID)?.data.memaddr ?? 0n);
    const memory = { ...wanted, address };
    hardware.memory = memory;
    return memory;
  }
}

/** The value when it is as wanted, or has come to rest. */
async function settled(read: () => Promise<number>, wanted: number, signal: AbortSignal): Promise<number> {
  let last = await read();
  let until = performance.now() + FIRST_MOVE_MS;
  while (last !== wanted && performance.now() < until) {
    await sleep(POLL_MS, undefined, { signal });
    const now = await read();
    if (now !== last) until = performance.now() + STALL_MS;
    last = now;
  }
  return last;
}
