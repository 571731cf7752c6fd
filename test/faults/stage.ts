import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Machine } from "../harness/machine.ts";
import { failpointsDirectory, runtimeUnderTest, shimDirectory } from "../harness/runtime-under-test.ts";
import { runtimeOptions, ShimProgram } from "../harness/shim-program.ts";
import { finished, prepared, requestOf, started } from "./program-task.ts";
import { expectedOn, type FaultRow, type StackName, type Tell } from "./row.ts";

/** One row, played. */
export interface Outcome {
  readonly expected: string;
  /** What the row told, or how it failed. */
  readonly seen: string;
  readonly milliseconds: number;
  readonly leaks: readonly string[];
  /** Figures. */
  readonly told: readonly string[];
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
    const name = `${row.on} ${directory}`;
    if (row.on === "containerd") {
      const machine = await this.#scene(name, () => this.#machine(directory));
      return await this.#measure(row, name, machine, () => row.run(machine));
    }
    const shim = await this.#scene(name, () => this.#program(directory));
    return await this.#measure(row, name, shim, (tell) => row.run(shim, tell));
  }

  async close(): Promise<void> {
    for (const scene of this.#scenes.values()) await scene.close();
  }

  async #measure(
    row: FaultRow,
    name: string,
    scene: Machine | ShimProgram,
    run: (tell: Tell) => Promise<string>,
  ): Promise<Outcome> {
    const { traces } = scene;
    const before = traces.inventory();
    const begin = performance.now();
    const told: string[] = [];
    const seen = await run((line) => told.push(line)).catch((error: Error) => `failed: ${error.message}`);
    const milliseconds = performance.now() - begin;
    const leaks = await traces.leaksSince(before);
    const expected = expectedOn(row, this.stack);
    if (seen !== expected || leaks.length > 0) {
      // The next row has nothing to do with it.
      this.#scenes.delete(name);
      await scene.close();
    }
    return { expected, seen, milliseconds, leaks, told };
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
    // As above.
    const configPath = join(shim.traces.directory, "warm-up.toml");
    writeFileSync(configPath, 'stack = "local"\n');
    const input = runtimeOptions({ configPath });
    const task = await started(shim, await prepared(shim, "warm-up", {}, ["true"]), { input });
    await task.task.create(requestOf(task.id, task.bundle));
    await finished(shim, task);
    return shim;
  }

  #runtime() {
    return runtimeUnderTest("io.containerd.uvm.v1", this.stack);
  }
}
