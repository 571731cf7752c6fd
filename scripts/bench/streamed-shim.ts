import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { finished, type ProgramTask, requestOf, started } from "../../test/faults/program-task.ts";
import { layBusybox } from "../../test/harness/busybox.ts";
import { runOk } from "../../test/harness/command.ts";
import { runtimeUnderTest } from "../../test/harness/runtime-under-test.ts";
import { ShimProgram } from "../../test/harness/shim-program.ts";

const MIB = 1024 * 1024;
const PROCESS_TYPE = "types.containerd.io/opencontainers/runtime-spec/1/Process";

/** What a process with a terminal wants. */
const TERMINALS = [
  { destination: "/dev", type: "tmpfs", source: "tmpfs" },
  { destination: "/dev/pts", type: "devpts", source: "devpts", options: ["newinstance", "ptmxmode=0666"] },
];

/** A pod of one container, in which processes are run whose streams are FIFOs, as containerd's clients make them. */
export class StreamedShim {
  readonly #program: ShimProgram;
  readonly #pod: ProgramTask;
  #execs = 0;
  /** Of the process that runs: read to its end. */
  #stderr: Promise<unknown> = Promise.resolve();

  static async start(runtime: string, stack: "local" | "qemu"): Promise<StreamedShim> {
    const program = new ShimProgram(runtimeUnderTest(runtime, stack));
    try {
      const id = program.traces.id("stream");
      const spec = JSON.parse(program.spec(id, ["/bin/sleep", "100000"])) as { mounts: unknown[] };
      const bundle = await program.bundle(id, JSON.stringify({ ...spec, mounts: [...spec.mounts, ...TERMINALS] }));
      layBusybox(join(bundle, "rootfs"), ["dd", "cat"]);
      await program.events.open();
      const pod = await started(program, { id, bundle });
      await pod.task.create(requestOf(id, bundle));
      await pod.task.start({ id, execId: "" });
      return new StreamedShim(program, pod);
    } catch (error) {
      await program.close();
      throw error;
    }
  }

  private constructor(program: ShimProgram, pod: ProgramTask) {
    this.#program = program;
    this.#pod = pod;
  }

  /** MB/s of a process that writes zeros, to a reader that throws them away. */
  async stdout(mib: number, { terminal = false } = {}): Promise<number> {
    const fifo = await this.#fifo("stdout");
    const reader = runOk(["dd", `if=${fifo}`, "of=/dev/null", "bs=1M"]);
    const execId = await this.#exec(["dd", "if=/dev/zero", "bs=1M", `count=${mib}`], { stdout: fifo, terminal });
    const begin = performance.now();
    await this.#pod.task.start({ id: this.#pod.id, execId });
    // dd's own summary goes to a terminal as well.
    const { stderr } = await reader;
    const seconds = (performance.now() - begin) / 1000;
    const bytes = Number(/^(\d+) bytes/m.exec(stderr)?.[1]);
    if (!(bytes >= mib * MIB)) throw new Error(`of ${mib} MiB came ${bytes} bytes`);
    await this.#end(execId);
    return (mib * MIB) / 1e6 / seconds;
  }

  /** MB/s of a writer of zeros, to a process that throws them away, until that has ended. */
  async stdin(mib: number): Promise<number> {
    const [fifo, stdout] = [await this.#fifo("stdin"), await this.#fifo("stdout")];
    const silence = runOk(["cat", stdout]);
    const execId = await this.#exec(["sh", "-c", "cat >/dev/null"], { stdin: fifo, stdout });
    const begin = performance.now();
    const writer = runOk(["dd", "if=/dev/zero", `of=${fifo}`, "bs=1M", `count=${mib}`]);
    await this.#pod.task.start({ id: this.#pod.id, execId });
    await writer;
    await this.#pod.task.closeIO({ id: this.#pod.id, execId, stdin: true });
    await this.#pod.task.wait({ id: this.#pod.id, execId });
    const seconds = (performance.now() - begin) / 1000;
    await this.#end(execId);
    await silence;
    return (mib * MIB) / 1e6 / seconds;
  }

  async close(): Promise<void> {
    await finished(this.#program, this.#pod);
    await this.#program.close();
  }

  async #fifo(name: string): Promise<string> {
    const directory = join(this.#program.traces.directory, "fifo");
    mkdirSync(directory, { recursive: true });
    const path = join(directory, `${name}-${this.#execs}`);
    await runOk(["mkfifo", path]);
    return path;
  }

  /** containerd's shim wants a FIFO for stderr where it gets one for stdout. */
  async #exec(
    args: readonly string[],
    { stdin = "", stdout, terminal = false }: { stdin?: string; stdout: string; terminal?: boolean },
  ): Promise<string> {
    const stderr = terminal ? "" : await this.#fifo("stderr");
    if (stderr !== "") this.#stderr = runOk(["cat", stderr]);
    const execId = `e${this.#execs++}`;
    const process = { terminal, cwd: "/", args, env: ["PATH=/bin"], user: { uid: 0, gid: 0 } };
    const spec = { typeUrl: PROCESS_TYPE, value: new TextEncoder().encode(JSON.stringify(process)) };
    await this.#pod.task.exec({ id: this.#pod.id, execId, stdin, stdout, stderr, terminal, spec });
    return execId;
  }

  async #end(execId: string): Promise<void> {
    await this.#stderr;
    await this.#pod.task.wait({ id: this.#pod.id, execId });
    await this.#pod.task.delete({ id: this.#pod.id, execId });
  }
}
