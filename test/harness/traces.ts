import { randomBytes } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Inventory,
  leaks,
  type Marks,
  markerName,
  type OwnProcess,
  ownProcesses,
  takeInventory,
} from "./leftovers.ts";
import { sweep } from "./sweep.ts";
import { until } from "./until.ts";

const living = new Set<Traces>();
const endings = ["SIGTERM", "SIGINT", "SIGHUP"] as const;
const onEnding = (): void => void sweepAll();

/** A test file that is ended from outside (a time-out of the runner, Ctrl-C) runs no `after`: its traces go here. */
async function sweepAll(): Promise<never> {
  await Promise.allSettled([...living].map((traces) => traces.sweep()));
  process.exit(1);
}

/** One test's things on this host: its directory, namespace and ids, the account of what it holds, and its removal. */
export class Traces {
  readonly directory: string;
  readonly namespace: string;
  /** containerd's socket, there or not: shims make their socket's name of it. */
  readonly address: string;
  /** For everything that the test starts: what inherits it is known as the test's. */
  readonly env: Readonly<Record<string, string>>;
  /** Undefined while containerd is down, or where there is none. */
  readonly #containerd: () => number | undefined;
  readonly #marker = randomBytes(4).toString("hex");
  readonly #ids = new Set<string>();
  readonly #watched = new Set<number>();

  constructor(containerd: () => number | undefined) {
    this.namespace = `uvmtest-${this.#marker}`;
    // Short: the path of a unix socket has 107 bytes.
    this.directory = mkdtempSync(join(tmpdir(), "uvmt-"));
    this.address = join(this.directory, "containerd.sock");
    this.env = { [markerName]: this.#marker };
    this.#containerd = containerd;
    if (living.size === 0) for (const signal of endings) process.on(signal, onEnding);
    living.add(this);
  }

  /** A container id that no other test has; the account knows it from now on. */
  id(name: string): string {
    const id = `${name}-${randomBytes(3).toString("hex")}`;
    this.know(id);
    return id;
  }

  /** Counts a container whose id another program chose. */
  know(id: string): void {
    this.#ids.add(id);
  }

  /** Counts the descriptors of this process too, while `work` runs. */
  async watching(pid: number, work: () => Promise<void>): Promise<void> {
    this.#watched.add(pid);
    try {
      await work();
    } finally {
      this.#watched.delete(pid);
    }
  }

  processes(): OwnProcess[] {
    return ownProcesses(this.#marks());
  }

  /**
   * The shim that serves a container: the process that carries the shim's name and the container's id. Not the first one,
   * which is another where pids have begun anew since the shim's start.
   */
  daemonOf(id: string, binary: string): OwnProcess {
    const isDaemon = ({ title }: OwnProcess): boolean => title.includes(binary) && title.includes(` ${id} `);
    const daemon = this.processes().find(isDaemon);
    if (daemon === undefined) throw new Error(`no daemon of ${id} runs`);
    return daemon;
  }

  inventory(): Inventory {
    return takeInventory(this.#marks());
  }

  /**
   * One line for each thing that is there now and was not before. Clean-up that is under way gets a deadline: containerd
   * closes connections, and the kernel removes cgroups, after the answer to the client.
   */
  async leaksSince(before: Inventory, milliseconds = 120_000): Promise<readonly string[]> {
    let found: string[] = [];
    const clean = (): boolean => {
      found = leaks(before, this.inventory());
      return found.length === 0;
    };
    await until("nothing is left", clean, milliseconds).catch(() => {});
    return found;
  }

  async assertNoLeaks(before: Inventory, milliseconds?: number): Promise<void> {
    const found = await this.leaksSince(before, milliseconds);
    if (found.length === 0) return;
    throw new Error(`${found.length} things leaked:\n${found.map((line) => `  ${line}\n`).join("")}`);
  }

  /** Ends every process and removes every trace. Idempotent. */
  async sweep(): Promise<void> {
    await sweep(this.#marks());
    living.delete(this);
    if (living.size === 0) for (const signal of endings) process.off(signal, onEnding);
  }

  #marks(): Marks {
    return {
      marker: this.#marker,
      directory: this.directory,
      namespace: this.namespace,
      address: this.address,
      ids: this.#ids,
      containerd: this.#containerd(),
      watched: [...this.#watched],
    };
  }
}
