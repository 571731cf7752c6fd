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
  async run(record, quick) {
    const bare = await BareVm.boot();
    const program = new ShimProgram(runtimeUnderTest(OURS, "qemu"));
    try {
      await program.events.open();
      const pods = new SavedPods(program);
      await record.measure("save and restore", 250, async () => {
        const first = await pods.start();
        try {
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
        } finally {
          await finished(program, first);
        }
      });
    } finally {
      await program.close();
      await bare.close();
    }
  },
};

class SavedPods {
  readonly #program: ShimProgram;
  #count = 0;

  constructor(program: ShimProgram) {
    this.#program = program;
  }

  /** A pod of one container, on a copy of one image: from its begin, or from a checkpoint. */
  async start(checkpoint = ""): Promise<ProgramTask> {
    const id = this.#program.traces.id("saved");
    const image = await this.#image();
    const bundle = await this.#program.bundle(id, this.#program.spec(id, ["/bin/sleep", "100000"]));
    const pod = await started(this.#program, { id, bundle });
    const rootfs = [{ type: "ext4", source: image, target: "", options: ["loop", "rw"] }];
    await pod.task.create({ ...requestOf(id, bundle), rootfs, checkpoint });
    await pod.task.start({ id, execId: "" });
    return pod;
  }

  async saveAndRestore({ id, task }: ProgramTask): Promise<{ save: number; restore: number }> {
    const path = this.#file(`checkpoint-${this.#count++}`);
    try {
      const save = await timed(() => task.checkpoint({ id, path, options: undefined }));
      let restored: ProgramTask | undefined;
      const restore = await timed(async () => {
        restored = await this.start(path);
      });
      if (restored !== undefined) await finished(this.#program, restored);
      return { save, restore };
    } finally {
      rmSync(path, { recursive: true, force: true });
    }
  }

  async #image(): Promise<string> {
    const first = this.#file("first.img");
    const image = this.#file(`${this.#count++}.img`);
    if (this.#count === 1) {
      layBusybox(this.#file("root"), ["sh", "sleep"]);
      for (const name of ["dev", "proc"]) mkdirSync(this.#file(`root/${name}`));
      writeFileSync(first, "");
      truncateSync(first, DISK_MIB * 1024 * 1024);
      await runOk(["/usr/sbin/mkfs.ext4", "-q", "-F", "-d", this.#file("root"), first]);
    }
    await copyFile(first, image);
    return image;
  }

  #file(name: string): string {
    return join(this.#program.traces.directory, name);
  }
}
