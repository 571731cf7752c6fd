import { ShimError } from "../../errors/shim-error.ts";
import type { LinuxGuest } from "../../guestmanager/create-guest.ts";
import { sizeOf } from "../../vmmanager/options/sizing.ts";
import type { UvmSizing } from "../../vmmanager/sizing.ts";
import type { UtilityVM } from "../../vmmanager/uvm.ts";
import { bounded } from "../deadline.ts";
import { count, record } from "../saved-json.ts";

export interface SizePorts {
  readonly uvm: Pick<UtilityVM, "id" | "supported" | "updateMemory" | "updateProcessors">;
  readonly guest: Pick<LinuxGuest, "createProcess" | "setProcessors">;
  /** Of each call, in ms. */
  readonly limit: number;
  warn(message: string): void;
}

/** The guest has no udev that would load what drives a device. */
const LOAD_DRIVERS = ["modprobe", "-a", "virtio_mem", "virtio_balloon"];

/**
 * How big a running VM is. It grows for a container whose limits exceed it, up to its maximum and where the stack can; it
 * does not shrink again: what other containers use is not known.
 */
export class VmSize {
  readonly #ports: SizePorts;
  /** As it is now. */
  #size: UvmSizing;
  #turn: Promise<void> = Promise.resolve();

  constructor(ports: SizePorts, size: UvmSizing) {
    this.#ports = ports;
    this.#size = size;
  }

  save(): UvmSizing {
    return this.#size;
  }

  /** Makes room for these limits (OCI's LinuxResources). Throws what the host or the guest refused, as the VM's. */
  async fit(resources: object): Promise<void> {
    const fitting = this.#turn.then(() => this.#fit(sizeOf(resources)));
    this.#turn = fitting.catch(() => {});
    await fitting;
  }

  async #fit(wanted: Pick<UvmSizing, "memoryMiB" | "processors">): Promise<void> {
    const { uvm } = this.#ports;
    const { maxMemoryMiB, maxProcessors } = this.#size;
    const memoryMiB = this.#most(wanted.memoryMiB, maxMemoryMiB, "MiB of memory");
    if (memoryMiB > this.#size.memoryMiB && uvm.supported("memory", "update")) await this.#growMemory(memoryMiB);
    const processors = this.#most(wanted.processors, maxProcessors, "processors");
    if (processors > this.#size.processors && uvm.supported("processor", "update")) {
      await this.#addProcessors(processors);
    }
  }

  /** A limit is no promise: one beyond the VM's maximum holds all the same, as one beyond a host's memory would. */
  #most(wanted: number, most: number, what: string): number {
    if (wanted > most)
      this.#ports.warn(`vm ${this.#ports.uvm.id} grows to ${most} ${what} at most; ${wanted} are wanted`);
    return Math.min(wanted, most);
  }

  async #growMemory(memoryMiB: number): Promise<void> {
    await this.#step(`to ${memoryMiB} MiB of memory`, async (call) => {
      const drivers = await this.#ports.guest.createProcess({ commandArgs: LOAD_DRIVERS }, call);
      const code = await drivers.exitCode;
      if (code !== 0) throw new ShimError("internal", `${LOAD_DRIVERS.join(" ")} in the guest ended with ${code}`);
      await this.#ports.uvm.updateMemory(memoryMiB, call);
    });
    this.#size = { ...this.#size, memoryMiB };
  }

  async #addProcessors(processors: number): Promise<void> {
    await this.#step(`to ${processors} processors`, async (call) => {
      await this.#ports.uvm.updateProcessors(processors, call);
      await this.#ports.guest.setProcessors(processors, call);
    });
    this.#size = { ...this.#size, processors };
  }

  async #step(to: string, work: (call: { readonly signal: AbortSignal }) => Promise<void>): Promise<void> {
    const { uvm, limit } = this.#ports;
    try {
      await bounded(limit, `growth of vm ${uvm.id} ${to}`, work);
    } catch (thrown) {
      const cause = ShimError.from(thrown, "internal");
      throw new ShimError(cause.kind, `vm ${uvm.id} did not grow ${to}: ${cause.message}`, { cause });
    }
  }
}

export function readSavedSize(value: unknown, member: string): UvmSizing {
  const saved = record(value, member);
  const number = (name: keyof UvmSizing): number => count(saved[name], `${member}.${name}`);
  return {
    processors: number("processors"),
    maxProcessors: number("maxProcessors"),
    memoryMiB: number("memoryMiB"),
    maxMemoryMiB: number("maxMemoryMiB"),
  };
}
