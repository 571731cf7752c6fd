import { Machine } from "../harness/machine.ts";
import { failpointsDirectory, runtimeUnderTest, shimDirectory } from "../harness/runtime-under-test.ts";
import { ShimProgram } from "../harness/shim-program.ts";
import { expectedOn, type FaultRow, type StackName } from "./row.ts";

/** One row, played. */
export interface Outcome {
  readonly expected: string;
  /** What the row told, or how it failed. */
  readonly seen: string;
  readonly milliseconds: number;
  readonly leaks: readonly string[];
}

/** Where the rows of a stack are played: a containerd, or a program, for each build that a row asks for. */
export class Stage {
  readonly stack: StackName;
  readonly #scenes = new Map<string, Machine | ShimProgram>();

  constructor(stack: StackName) {
    this.stack = stack;
  }

  async play(row: FaultRow): Promise<Outcome> {
    const directory = row.failpoints ? failpointsDirectory : shimDirectory;
    if (row.on === "containerd") {
      const machine = await this.#scene(`containerd ${directory}`, () => this.#machine(directory));
      return await this.#measure(row, machine, () => row.run(machine));
    }
    const shim = await this.#scene(`program ${directory}`, () => this.#program(directory));
    return await this.#measure(row, shim, () => row.run(shim));
  }

  async close(): Promise<void> {
    for (const scene of this.#scenes.values()) await scene.close();
  }

  async #measure(row: FaultRow, { traces }: Machine | ShimProgram, run: () => Promise<string>): Promise<Outcome> {
    const before = traces.inventory();
    const begin = performance.now();
    const seen = await run().catch((error: Error) => `failed: ${error.message}`);
    const milliseconds = performance.now() - begin;
    return { expected: expectedOn(row, this.stack), seen, milliseconds, leaks: await traces.leaksSince(before) };
  }

  async #scene<T extends Machine | ShimProgram>(name: string, make: () => Promise<T>): Promise<T> {
    const known = this.#scenes.get(name);
    if (known !== undefined) return known as T;
    const made = await make();
    this.#scenes.set(name, made);
    return made;
  }

  async #machine(directory: string): Promise<Machine> {
    const machine = await Machine.start({ runtime: this.#runtime(), shimDirectory: directory });
    // The first container makes the namespace's own directories and cgroups, which then stay; it needs no VM for that.
    await machine.warmUp(machine.ctrWith('stack = "local"\n'));
    return machine;
  }

  async #program(directory: string): Promise<ShimProgram> {
    const shim = new ShimProgram(this.#runtime(), directory);
    await shim.events.open();
    return shim;
  }

  #runtime() {
    return runtimeUnderTest("io.containerd.uvm.v1", this.stack);
  }
}
