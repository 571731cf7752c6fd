import { ShimError } from "../../errors/shim-error.ts";
import type { LinuxGuest } from "../../guestmanager/create-guest.ts";
import { type Claim, claimOf, podClaim, sizeOf } from "../../vmmanager/options/sizing.ts";
import type { UvmSizing } from "../../vmmanager/sizing.ts";
import type { UtilityVM } from "../../vmmanager/uvm.ts";
import { bounded } from "../deadline.ts";
import { count, maybe, record } from "../saved-json.ts";

export interface SizePorts {
  readonly uvm: Pick<UtilityVM, "id" | "supported" | "updateMemory" | "updateProcessors">;
  readonly guest: Pick<LinuxGuest, "createProcess" | "setProcessors">;
  /** Of each call, in ms. */
  readonly limit: number;
  warn(message: string): void;
}

/** The guest has no udev that would load what drives a device. */
const LOAD_DRIVERS = ["modprobe", "-a", "virtio_mem", "virtio_balloon"];

/** With what its containers may use of it, by their ids. */
export interface SavedSize extends UvmSizing {
  readonly claims: Readonly<Record<string, Claim>>;
}

/**
 * How big a running VM is. It grows where the limits of its containers together exceed it, up to its maximum and where the
 * stack can. It does not shrink again: what containers without a limit use is not known.
 */
export class VmSize {
  readonly #ports: SizePorts;
  /** As it is now. */
  #size: UvmSizing;
  readonly #claims: Map<string, Claim>;
  /** Of the whole pod, where CRI has told it. */
  #pod: Claim = {};
  #turn: Promise<void> = Promise.resolve();

  constructor(ports: SizePorts, size: UvmSizing, claims: SavedSize["claims"] = {}) {
    this.#ports = ports;
    this.#size = size;
    this.#claims = new Map(Object.entries(claims));
  }

  save(): SavedSize {
    return { ...this.#size, claims: Object.fromEntries(this.#claims) };
  }

  /**
   * Makes room for a container with these limits (OCI's LinuxResources; those that are not in it stay as they were), beside
   * the others. Throws what the host or the guest refused, as the VM's.
   */
  async fit(id: string, resources: object, annotations: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#claims.set(id, { ...this.#claims.get(id), ...claimOf(resources) });
    this.#pod = { ...this.#pod, ...podClaim(annotations) };
    const fitting = this.#turn.then(() => this.#fit());
    this.#turn = fitting.catch(() => {});
    await fitting;
  }

  /** The container is gone. */
  forget(id: string): void {
    this.#claims.delete(id);
  }

  async #fit(): Promise<void> {
    const { uvm } = this.#ports;
    const [sum, pod] = [sizeOf([...this.#claims.values()]), sizeOf([this.#pod])];
    const wanted = {
      memoryMiB: Math.max(sum.memoryMiB, pod.memoryMiB),
      processors: Math.max(sum.processors, pod.processors),
    };
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

export function readSizing(value: unknown, member: string): UvmSizing {
  const saved = record(value, member);
  const number = (name: keyof UvmSizing): number => count(saved[name], `${member}.${name}`);
  return {
    processors: number("processors"),
    maxProcessors: number("maxProcessors"),
    memoryMiB: number("memoryMiB"),
    maxMemoryMiB: number("maxMemoryMiB"),
  };
}

export function readSavedSize(value: unknown, member: string): SavedSize {
  const saved = record(value, member);
  const claims = maybe(saved.claims, `${member}.claims`, record) ?? {};
  return {
    ...readSizing(saved, member),
    claims: Object.fromEntries(Object.entries(claims).map(([id, claim]) => [id, readClaim(claim, `${member}.${id}`)])),
  };
}

function readClaim(value: unknown, member: string): Claim {
  const saved = record(value, member);
  const names = (["memory", "quota", "period"] as const).filter((name) => saved[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, limit(saved[name], `${member}.${name}`)]));
}

/** -1: none. */
function limit(value: unknown, member: string): number {
  return value === -1 ? value : count(value, member);
}
