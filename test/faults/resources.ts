import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cgroupOf, oomCounterDirectory } from "../../src/sys/cgroup.ts";
import { mount, unmount } from "../../src/sys/mount.ts";
import { errorCode } from "../../src/sys/sys-error.ts";
import { watchEvents } from "../harness/events.ts";
import { runtimeOptions, type ShimProgram } from "../harness/shim-program.ts";
import { until } from "../harness/until.ts";
import { daemonsLeft, told } from "./observe.ts";
import { finished, prepared, removed, requestOf, started } from "./program-task.ts";
import { type FaultRow, onContainerd, onProgram } from "./row.ts";

const MIB = 1024 * 1024;

/** A small file system of its own at the directory, while the work is done; `full` fills it up to the last inode. */
class SmallDisk implements AsyncDisposable {
  readonly directory: string;
  readonly #fillers: string[] = [];

  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    mount("tmpfs", directory, "tmpfs", 0, "size=4m,nr_inodes=200,mode=700");
  }

  fill(): void {
    for (const size of [64 * 1024, 4096, 0]) {
      for (;;) {
        const path = join(this.directory, `filler${this.#fillers.length}`);
        try {
          writeFileSync(path, Buffer.alloc(size));
          this.#fillers.push(path);
        } catch {
          rmSync(path, { force: true });
          break;
        }
      }
    }
  }

  free(): void {
    for (const path of this.#fillers.splice(0)) rmSync(path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Of a process that ends /proc no longer says whose it is while its files are still open.
    await until(`${this.directory} is not in use`, () => {
      try {
        unmount(this.directory);
        return true;
      } catch (error) {
        if (errorCode(error) !== "EBUSY") throw error;
        return false;
      }
    });
  }
}

/** `start` with the configuration's directory on a full disk, and again with space. */
function fullAtStart(key: string): FaultRow {
  return onProgram({
    fault: `disk full at start: ${key}`,
    stacks: ["local"],
    expected: "start fails, lines of error: 1, ENOSPC is named; daemons: 0; with space it serves",
    async run(shim) {
      const bundle = await prepared(shim, "full");
      await using disk = new SmallDisk(join(shim.traces.directory, "disk"));
      const body = `stack = "local"\n${key} = "${disk.directory}"\n`;
      const input = runtimeOptions({ configBody: new TextEncoder().encode(body) });
      return await failsThenServes(shim, bundle, disk, input);
    },
  });
}

async function failsThenServes(
  shim: ShimProgram,
  bundle: { id: string; bundle: string },
  disk: SmallDisk,
  input?: Uint8Array,
): Promise<string> {
  const call = { bundle: bundle.bundle, ...(input && { input }) };
  disk.fill();
  const { code, stderr } = await shim.call(bundle.id, ["start"], call);
  const daemons = await daemonsLeft(shim);
  disk.free();
  await finished(shim, await started(shim, bundle, call));
  // It may be there a little longer than what it answered, and works in the bundle.
  await until("no daemon runs", () => shim.traces.processes().length === 0);
  const named = /ENOSPC|no space|is full/i.test(stderr) ? "ENOSPC is named" : stderr.trim();
  const lines = stderr.trim().split("\n").length;
  return `start ${code === 0 ? "succeeds" : "fails"}, lines of error: ${lines}, ${named}; daemons: ${daemons}; with space it serves`;
}

function stateOn({ directory }: SmallDisk): Uint8Array {
  const body = `stack = "local"\nrun_directory = "${directory}"\n`;
  return runtimeOptions({ configBody: new TextEncoder().encode(body) });
}

export const resourceRows: readonly FaultRow[] = [
  onContainerd({
    fault: "OOM in the container's cgroup, in the guest or on this host",
    stacks: ["local", "qemu"],
    expected: "oom, exit init 137",
    async run(machine) {
      const { ctr } = machine;
      const events = await watchEvents(ctr);
      const id = machine.id("oom");
      const eat = ["dd", "if=/dev/zero", "of=/dev/null", "bs=72M", "count=1"];
      await ctr.runDetached(id, eat, ["--memory-limit", String(24 * MIB), "--null-io"]);
      await events.waitFor(id, "/tasks/exit");
      const seen = told(events, id);
      await ctr.remove(id);
      await events.close();
      return seen;
    },
  }),
  onContainerd({
    fault: "OOM on the host: the kernel kills QEMU in the pod's cgroup",
    stacks: ["qemu"],
    expected: "oom, exit init 137",
    async run(machine) {
      const { ctr } = machine;
      const events = await watchEvents(ctr);
      const id = machine.id("oomhost");
      await ctr.runDetached(id, ["sleep", "1000"]);
      const directory = oomCounterDirectory(cgroupOf(await ctr.pid(id)));
      if (directory === undefined) throw new Error("QEMU's cgroup has no memory controller");
      const v2 = cgroupOf("self").mode === "v2";
      const usage = readFileSync(join(directory, v2 ? "memory.current" : "memory.usage_in_bytes"), "utf8");
      writeFileSync(join(directory, v2 ? "memory.max" : "memory.limit_in_bytes"), String(Number(usage) + 4 * MIB));
      await ctr.exec(id, "e1", ["dd", "if=/dev/zero", "of=/dev/null", "bs=100M", "count=1"]);
      await events.waitFor(id, "/tasks/exit");
      // The VM may have ended before the exec was told to have started.
      const seen = told(events, id).replace("exit e1 137, ", "");
      await ctr.remove(id);
      await events.close();
      return seen;
    },
  }),
  fullAtStart("run_directory"),
  fullAtStart("socket_directory"),
  onProgram({
    fault: "disk full at start: the bundle",
    stacks: ["local"],
    expected: "start fails, lines of error: 1, ENOSPC is named; daemons: 0; with space it serves",
    async run(shim) {
      const id = shim.traces.id("full");
      await using disk = new SmallDisk(dirname(shim.bundlePath(id)));
      const bundle = await shim.bundle(id, shim.spec(id, ["sleep", "1000"]));
      return await failsThenServes(shim, { id, bundle }, disk);
    },
  }),
  onProgram({
    fault: "disk full in create: run_directory",
    stacks: ["local"],
    expected: "create fails in one line; with space the same daemon creates it",
    async run(shim) {
      const bundle = await prepared(shim, "full");
      await using disk = new SmallDisk(join(shim.traces.directory, "disk"));
      const input = stateOn(disk);
      const { task } = await started(shim, bundle, { input });
      disk.fill();
      const refused = await task.create(requestOf(bundle.id, bundle.bundle)).then(
        () => "create succeeds",
        (error: Error) => (error.message.includes("\n") ? error.message : "create fails in one line"),
      );
      disk.free();
      const { pid } = await task.create(requestOf(bundle.id, bundle.bundle));
      await finished(shim, { ...bundle, task });
      return `${refused}; with space the same daemon ${pid > 0 ? "creates it" : "does not create it"}`;
    },
  }),
  onProgram({
    fault: "disk full with a container running: run_directory",
    stacks: ["local"],
    expected: "kill, wait (137), delete and shutdown are answered; delete -bundle succeeds",
    async run(shim) {
      const bundle = await prepared(shim, "full");
      await using disk = new SmallDisk(join(shim.traces.directory, "disk"));
      const input = stateOn(disk);
      const { id, task } = await started(shim, bundle, { input });
      await task.create(requestOf(id, bundle.bundle));
      await task.start({ id, execId: "" });
      disk.fill();
      await task.kill({ id, execId: "", signal: 9, all: false });
      const { exitStatus } = await task.wait({ id, execId: "" });
      await task.delete({ id, execId: "" });
      await task.shutdown({ id, now: false });
      await removed(shim, bundle);
      return `kill, wait (${exitStatus}), delete and shutdown are answered; delete -bundle succeeds`;
    },
  }),
  onContainerd({
    fault: "disk full under a file that takes the output",
    stacks: ["local", "qemu"],
    expected: { local: "exit init 1: its write fails; deleted", qemu: "exit init 0; deleted" },
    async run(machine) {
      const { ctr } = machine;
      const id = machine.id("fullfile");
      await using disk = new SmallDisk(machine.file("disk"));
      const log = join(disk.directory, "log");
      writeFileSync(log, "");
      disk.fill();
      const events = await watchEvents(ctr);
      await ctr.runDetached(id, ["sh", "-c", "seq 1 100000 && exit 0; exit 1"], ["--log-uri", `file://${log}`]);
      await events.waitFor(id, "/tasks/exit");
      const seen = told(events, id);
      await ctr.remove(id);
      await events.close();
      return `${seen}${seen.endsWith(" 1") ? ": its write fails" : ""}; deleted`;
    },
  }),
];
