import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Diagnostics } from "../../src/generated/uvmshim/diag/v1.ts";
import { connect } from "../../src/ttrpc/socket.ts";
import { finished, type ProgramTask, requestOf, started } from "../faults/program-task.ts";
import { start } from "../harness/command.ts";
import { runtimeUnderTest } from "../harness/runtime-under-test.ts";
import { ShimProgram } from "../harness/shim-program.ts";
import { until } from "../harness/until.ts";

const PROCESS_TYPE = "types.containerd.io/opencontainers/runtime-spec/1/Process";

/** A pod of the shim, without containerd, of which can be counted what its daemon does. */
export class CountedPod {
  readonly #program: ShimProgram;
  readonly #pod: ProgramTask;
  readonly #runcLog: string;
  readonly pid: number;
  #execs = 0;

  /** On stack `local` its runc is one that notes how it is called. */
  static async start(stack: "local" | "qemu"): Promise<CountedPod> {
    const plain = runtimeUnderTest("io.containerd.uvm.v1", stack);
    const directory = { path: "" };
    const program = new ShimProgram({
      ...plain,
      get configuration() {
        const runc = stack === "local" ? `[runc]\nbinary = "${join(directory.path, "runc")}"\n` : "";
        return `${plain.configuration ?? ""}${runc}`;
      },
    });
    try {
      directory.path = program.traces.directory;
      const log = join(directory.path, "runc.log");
      writeFileSync(log, "");
      writeFileSync(join(directory.path, "runc"), `#!/bin/sh\necho "$*" >>${log}\nexec runc "$@"\n`);
      chmodSync(join(directory.path, "runc"), 0o755);
      await program.events.open();
      const id = program.traces.id("pod");
      const bundle = await program.bundle(id, program.spec(id, ["/bin/sleep", "100000"]));
      const pod = await started(program, { id, bundle });
      await pod.task.create(requestOf(id, bundle));
      const { pid } = await pod.task.start({ id, execId: "" });
      if (pid === 0) throw new Error("the pod's container has no pid");
      return new CountedPod(program, pod, log, (await pod.task.connect({ id })).shimPid);
    } catch (error) {
      await program.close();
      throw error;
    }
  }

  private constructor(program: ShimProgram, pod: ProgramTask, runcLog: string, pid: number) {
    this.#program = program;
    this.#pod = pod;
    this.#runcLog = runcLog;
    this.pid = pid;
  }

  /** A further container's life: create, start, its end by SIGKILL, delete. */
  async life(): Promise<void> {
    await (await this.member())();
  }

  /** A further container, which runs; returns what ends it. */
  async member(): Promise<() => Promise<void>> {
    const { task } = this.#pod;
    const id = this.#program.traces.id("member");
    const bundle = await this.#program.bundle(id, this.#program.spec(id, ["/bin/sleep", "100000"]));
    await task.create(requestOf(id, bundle));
    await task.start({ id, execId: "" });
    return async () => {
      await task.kill({ id, execId: "", signal: 9, all: false });
      await task.wait({ id, execId: "" });
      await task.delete({ id, execId: "" });
      this.#program.removeBundle(bundle);
    };
  }

  /** An exec's life in the pod's first container. */
  async exec(): Promise<void> {
    const { task, id } = this.#pod;
    const execId = `e${this.#execs++}`;
    const process = { terminal: false, cwd: "/", args: ["/bin/true"], env: [], user: { uid: 0, gid: 0 } };
    const spec = { typeUrl: PROCESS_TYPE, value: new TextEncoder().encode(JSON.stringify(process)) };
    await task.exec({ id, execId, terminal: false, stdin: "", stdout: "", stderr: "", spec });
    await task.start({ id, execId });
    await task.wait({ id, execId });
    await task.delete({ id, execId });
  }

  async state(): Promise<void> {
    await this.#pod.task.state({ id: this.#pod.id, execId: "" });
  }

  /** The commands of runc that `work` takes, by their name. */
  async runcCommands(work: () => Promise<void>): Promise<Record<string, number>> {
    writeFileSync(this.#runcLog, "");
    await work();
    const lines = readFileSync(this.#runcLog, "utf8").split("\n").slice(0, -1);
    // Behind the options, which take a value each but for --debug and the like.
    return tally(
      lines.map((line) => /\b(create|start|exec|kill|delete|state|ps|events|list)\b/.exec(line)?.[0] ?? line),
    );
  }

  /** What `work` has host and guest say to each other, by name, without what the guest says of its own accord. */
  async bridgeMessages(work: () => Promise<void>): Promise<Record<string, number>> {
    const names: string[] = [];
    const listener = await connect(this.#pod.address.trim().replace(/^unix:\/\//, ""));
    try {
      const listening = (async () => {
        for await (const { name, ms } of listener.service(Diagnostics).bridge({ bodies: false, secrets: false })) {
          if (ms === 0) names.push(name.split(" ", 1)[0] ?? "");
        }
      })().catch(() => {});
      const state = async (): Promise<boolean> => {
        await this.exec();
        return names.length > 0;
      };
      await until("the bridge is listened to", state);
      const marker = names.length;
      await work();
      const seen = names.slice(marker);
      listener.close();
      await listening;
      return tally(seen);
    } finally {
      listener.close();
    }
  }

  /** The topics that `work` has published, by their name. */
  async events(work: () => Promise<void>, last: string): Promise<Record<string, number>> {
    const { events } = this.#program;
    const before = events.topics().length;
    await work();
    await until("the last event came", () => events.topics().slice(before).includes(last));
    return tally(events.topics().slice(before));
  }

  /** System calls of the daemon's first thread, in which its JavaScript runs, during `work`. */
  async systemCalls(work: () => Promise<void>): Promise<number> {
    const file = join(this.#program.traces.directory, "strace.out");
    const strace = start(["strace", "-c", "-o", file, "-p", String(this.pid)]);
    await until("strace is attached", () => {
      if (strace.ended()) throw new Error(`strace ended: ${strace.stderr()}`);
      return /^TracerPid:\t[1-9]/m.test(readFileSync(`/proc/${this.pid}/status`, "utf8"));
    });
    await work();
    strace.kill("SIGINT");
    await strace.result();
    const total = /^\S+\s+\S+\s+\S*\s*?(\d+)\s+(?:\d+\s+)?total$/m.exec(readFileSync(file, "utf8"));
    if (total === null) throw new Error(`strace tells no total:\n${readFileSync(file, "utf8")}`);
    return Number(total[1]);
  }

  /** What stays open: the least that is seen for a second, as what the last call held is closed after its answer. */
  async descriptors(): Promise<number> {
    let least = Number.POSITIVE_INFINITY;
    for (let look = 0; look < 50; look++) {
      least = Math.min(least, readdirSync(`/proc/${this.pid}/fd`).length);
      await sleep(20);
    }
    return least;
  }

  /** How often the daemon's threads go to sleep during `work`: each time somebody or a timer had woken one. */
  async wakeUps(work: () => Promise<void>): Promise<number> {
    const before = this.#sleeps();
    await work();
    let sum = 0;
    // A thread that has ended meanwhile does not wake any more.
    for (const [thread, sleeps] of this.#sleeps()) sum += sleeps - (before.get(thread) ?? 0);
    return sum;
  }

  #sleeps(): Map<string, number> {
    const threads = readdirSync(`/proc/${this.pid}/task`);
    return new Map(
      threads.map((thread) => {
        const status = readFileSync(`/proc/${this.pid}/task/${thread}/status`, "utf8");
        return [thread, Number(/^voluntary_ctxt_switches:\t(\d+)$/m.exec(status)?.[1])];
      }),
    );
  }

  async close(): Promise<void> {
    await finished(this.#program, this.#pod);
    await this.#program.close();
  }
}

function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
