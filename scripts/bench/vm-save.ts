/** A VM pod that is saved while it runs, and pods that go on from what was saved: beside QEMU's own, of a bare VM. */
import { mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { finished, type ProgramTask, requestOf, started } from "../../test/faults/program-task.ts";
import { layBusybox } from "../../test/harness/busybox.ts";
import { runOk } from "../../test/harness/command.ts";
import { runtimeUnderTest } from "../../test/harness/runtime-under-test.ts";
import { ShimProgram } from "../../test/harness/shim-program.ts";
import { BareVm } from "./bare-vm.ts";
import type { Metric } from "./metric.ts";
import type { Part } from "./part.ts";
import { inTurn, type Pair, timed } from "./rounds.ts";
import { OURS } from "./shims.ts";

const DISK_MIB = 16;

export const vmSave: Part = {
  title: "Saved and restored, stack `qemu`",
  about: `A pod whose container has a disk of ${DISK_MIB} MiB. Its Checkpoint has that disk, too; a restore is \`start\`, Create of the checkpoint and Start. Beside it a bare VM with the same memory, kernel and image: stop, and migrate to a file, by QMP; and from the spawn of a second QEMU until it runs what is in that file. Both are on the disk when they count as saved.`,
  seconds: 300,
  slow: true,
  async run(record, quick) {
    const program = new ShimProgram(runtimeUnderTest(OURS, "qemu"));
    try {
      await program.events.open();
      const pods = await SavedPods.lay(program);
      const booting = BareVm.boot();
      // Where the pod can't be had this process ends, and the bare VM with it.
      booting.catch(() => undefined);
      const first = await pods.start();
      const bare = await booting;
      try {
        await record.measure("save and restore", 250, async () => {
          const times = await inTurn(quick ? 1 : 3, (side) =>
            side === "peer" ? bare.saveAndRestore() : pods.saveAndRestore(first),
          );
          const metric = (key: "save" | "restore", title: string, name: string): Metric => {
            const values = (side: keyof Pair<unknown>): number[] => times[side].map((each) => each[key] / 1000);
            return { id: `vm-${key}`, title, unit: "s", ours: values("ours"), peer: { name, values: values("peer") } };
          };
          return [
            metric("save", "save a running pod", "QEMU's migrate to a file, bare VM"),
            metric("restore", "restore a pod, until its container runs", "QEMU's migrate from a file, bare VM"),
          ];
        });
      } finally {
        await bare.close();
        await finished(program, first);
      }
    } finally {
      await program.close();
    }
  },
};

class SavedPods {
  readonly #program: ShimProgram;
  readonly #image: string;
  #count = 0;

  static async lay(program: ShimProgram): Promise<SavedPods> {
    const at = (name: string): string => join(program.traces.directory, name);
    layBusybox(at("root"), ["sh", "sleep"]);
    for (const name of ["dev", "proc"]) mkdirSync(at(`root/${name}`));
    writeFileSync(at("image"), "");
    truncateSync(at("image"), DISK_MIB * 1024 * 1024);
    await runOk(["/usr/sbin/mkfs.ext4", "-q", "-F", "-d", at("root"), at("image")]);
    return new SavedPods(program, at("image"));
  }

  private constructor(program: ShimProgram, image: string) {
    this.#program = program;
    this.#image = image;
  }

  async start(): Promise<ProgramTask> {
    return await (await this.#prepare()).start("");
  }

  async saveAndRestore({ id, task }: ProgramTask): Promise<{ save: number; restore: number }> {
    const path = `${this.#image}.${this.#count++}.checkpoint`;
    try {
      const save = await timed(() => task.checkpoint({ id, path, options: undefined }));
      const next = await this.#prepare();
      const begin = performance.now();
      const pod = await next.start(path);
      const restore = performance.now() - begin;
      await finished(this.#program, pod);
      return { save, restore };
    } finally {
      rmSync(path, { recursive: true, force: true });
    }
  }

  /** A bundle, on a copy of one image as a snapshotter would make it, and the start of a pod in it: from a checkpoint, if any. */
  async #prepare(): Promise<{ start(checkpoint: string): Promise<ProgramTask> }> {
    const id = this.#program.traces.id("saved");
    const source = `${this.#image}.${this.#count++}`;
    await copyFile(this.#image, source);
    const rootfs = [{ type: "ext4", source, target: "", options: ["loop", "rw"] }];
    const bundle = await this.#program.bundle(id, this.#program.spec(id, ["/bin/sleep", "100000"]));
    return {
      start: async (checkpoint) => {
        const pod = await started(this.#program, { id, bundle });
        await pod.task.create({ ...requestOf(id, bundle), rootfs, checkpoint });
        await pod.task.start({ id, execId: "" });
        return pod;
      },
    };
  }
}
