import { alreadyExists, notFound } from "../../errors/shim-error.ts";
import type { ProcessController } from "../process/controller.ts";

export interface Exec {
  readonly process: ProcessController;
  /** The OCI process document. */
  readonly document: object;
}

/** The execs of one container by id, and which of them still owe an exit. */
export class Execs {
  readonly #containerId: string;
  readonly #all = new Map<string, Exec>();
  readonly #owing = new Set<ProcessController>();
  #idle: (() => void)[] = [];

  constructor(containerId: string) {
    this.#containerId = containerId;
  }

  get(execId: string): Exec {
    const exec = this.#all.get(execId);
    if (exec === undefined) throw notFound(`exec ${execId} in container ${this.#containerId} does not exist`);
    return exec;
  }

  /** Throws already-exists for a used id. */
  add(exec: Exec): void {
    const { id } = exec.process;
    if (this.#all.has(id)) throw alreadyExists(`exec ${id} in container ${this.#containerId} already exists`);
    this.#all.set(id, exec);
  }

  remove(execId: string): void {
    this.#all.delete(execId);
  }

  all(): ProcessController[] {
    return [...this.#all.values()].map((exec) => exec.process);
  }

  each(): Exec[] {
    return [...this.#all.values()];
  }

  /** From the begin of a start until its failure, or until the exit is told. */
  owe(process: ProcessController): void {
    this.#owing.add(process);
  }

  paid(process: ProcessController): void {
    this.#owing.delete(process);
    if (this.#owing.size > 0) return;
    const waiting = this.#idle;
    this.#idle = [];
    for (const tell of waiting) tell();
  }

  owing(): ProcessController[] {
    return [...this.#owing];
  }

  /** Resolves when no exec owes an exit. */
  idle(): Promise<void> {
    if (this.#owing.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }
}
