import { closeSync, constants, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import type { Mount } from "../../src/generated/containerd/types.ts";
import { finished, type ProgramTask, removed, requestOf, started } from "../../test/faults/program-task.ts";
import { layBusybox } from "../../test/harness/busybox.ts";
import { runOk } from "../../test/harness/command.ts";
import { runtimeUnderTest } from "../../test/harness/runtime-under-test.ts";
import { ShimProgram } from "../../test/harness/shim-program.ts";

const PROCESS_TYPE = "types.containerd.io/opencontainers/runtime-spec/1/Process";
/** What a process with a terminal wants. */
const TERMINALS = [
  { destination: "/dev", type: "tmpfs", source: "tmpfs" },
  { destination: "/dev/pts", type: "devpts", source: "devpts", options: ["newinstance", "ptmxmode=0666"] },
];

export interface ExecOptions {
  /** Default: the pod's first container. */
  readonly container?: string;
  /** FIFOs, as `fifo` makes them. */
  readonly stdin?: string;
  readonly stdout?: string;
  readonly terminal?: boolean;
}

/** A pod, driven by its shim's task API, without containerd. */
export class ShimPod {
  readonly #program: ShimProgram;
  readonly #pod: ProgramTask;
  readonly #held: number[] = [];
  #count = 0;

  static async start(runtime: string, stack: "local" | "qemu"): Promise<ShimPod> {
    const program = new ShimProgram(runtimeUnderTest(runtime, stack));
    try {
      await program.events.open();
      const id = program.traces.id("pod");
      const pod = await started(program, { id, bundle: await layBundle(program, id, id) });
      await pod.task.create(requestOf(id, pod.bundle));
      await pod.task.start({ id, execId: "" });
      return new ShimPod(program, pod);
    } catch (error) {
      await program.close();
      throw error;
    }
  }

  private constructor(program: ShimProgram, pod: ProgramTask) {
    this.#program = program;
    this.#pod = pod;
  }

  get id(): string {
    return this.#pod.id;
  }

  get task(): ProgramTask["task"] {
    return this.#pod.task;
  }

  get socket(): string {
    return this.#pod.address.trim().replace(/^unix:\/\//, "");
  }

  /** The pod's own processes on this host. */
  processes(): readonly { pid: number; title: string }[] {
    return this.#program.traces.processes();
  }

  /** In a directory that goes with the pod. */
  file(name: string): string {
    return join(this.#program.traces.directory, name);
  }

  async fifo(): Promise<string> {
    mkdirSync(this.file("fifo"), { recursive: true });
    const path = this.file(`fifo/${this.#count++}`);
    await runOk(["mkfifo", path]);
    return path;
  }

  /** Creates a process, for `task.start`; `ended` when it has ended. */
  async exec(args: readonly string[], options: ExecOptions = {}): Promise<string> {
    const { container = this.id, stdin = "", stdout = "", terminal = false } = options;
    let stderr = "";
    // containerd's shim wants a FIFO for stderr where it gets one for stdout.
    if (stdout !== "" && !terminal) {
      stderr = await this.fifo();
      this.#held.push(openSync(stderr, constants.O_RDWR | constants.O_NONBLOCK));
    }
    const execId = `e${this.#count++}`;
    const process = { terminal, cwd: "/", args, env: ["PATH=/bin:/usr/bin"], user: { uid: 0, gid: 0 } };
    const spec = { typeUrl: PROCESS_TYPE, value: new TextEncoder().encode(JSON.stringify(process)) };
    await this.task.exec({ id: container, execId, stdin, stdout, stderr, terminal, spec });
    return execId;
  }

  /** Waits for a process's end, and deletes it. Throws where it ended with another code than 0, if that is not expected. */
  async ended(
    execId: string,
    { container = this.id, code = 0 }: { container?: string; code?: number } = {},
  ): Promise<void> {
    const { exitStatus } = await this.task.wait({ id: container, execId });
    await this.task.delete({ id: container, execId });
    if (exitStatus !== code) throw new Error(`a process of the bench ended with ${exitStatus}`);
  }

  /** Runs a process to its end; what it wrote to stdout. */
  async run(args: readonly string[], container = this.id): Promise<string> {
    const stdout = await this.fifo();
    const reader = runOk(["cat", stdout]);
    const execId = await this.exec(args, { container, stdout });
    await this.task.start({ id: container, execId });
    const output = (await reader).stdout;
    await this.ended(execId, { container });
    return output;
  }

  /** One more container of the pod, on a root file system as a snapshotter gives it. */
  async member(rootfs: readonly Mount[], work: (id: string) => Promise<void>): Promise<void> {
    const id = this.#program.traces.id("member");
    const bundle = await layBundle(this.#program, id, this.id);
    const member = await started(this.#program, { id, bundle });
    try {
      await member.task.create({ ...requestOf(id, bundle), rootfs: [...rootfs] });
      await member.task.start({ id, execId: "" });
      await work(id);
    } finally {
      await this.task.kill({ id, execId: "", signal: 9, all: false }).catch(() => undefined);
      await this.task.wait({ id, execId: "" }).catch(() => undefined);
      await this.task.delete({ id, execId: "" }).catch(() => undefined);
      await removed(this.#program, member);
    }
  }

  async close(): Promise<void> {
    for (const fd of this.#held) closeSync(fd);
    try {
      await finished(this.#program, this.#pod);
    } finally {
      await this.#program.close();
    }
  }
}

async function layBundle(program: ShimProgram, id: string, pod: string): Promise<string> {
  const annotations = {
    "io.kubernetes.cri.sandbox-id": pod,
    "io.kubernetes.cri.container-type": id === pod ? "sandbox" : "container",
  };
  const spec = JSON.parse(program.spec(id, ["/bin/sleep", "100000"], annotations)) as { mounts: unknown[] };
  const bundle = await program.bundle(id, JSON.stringify({ ...spec, mounts: [...spec.mounts, ...TERMINALS] }));
  layBusybox(join(bundle, "rootfs"), ["dd", "cat", "stty"]);
  return bundle;
}
