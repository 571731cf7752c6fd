import { type Command, type CommandOptions, type CommandResult, patienceMs, run, runOk, start } from "./command.ts";
import { imageName } from "./image.ts";
import { until } from "./until.ts";

export interface CtrTarget {
  readonly ctr: string;
  readonly address: string;
  readonly namespace: string;
  readonly fifoDirectory: string;
  /** `--runtime NAME`, and `--runtime-config-path FILE` where the runtime wants one. */
  readonly runtimeFlags: readonly string[];
}

/** A line of `ctr tasks ls`; the status is RUNNING, STOPPED, PAUSED... */
export interface ListedTask {
  readonly pid: number;
  readonly status: string;
}

/** Flags of `ctr run` that make a container a pod's sandbox, or one of its members, as CRI says it. */
export function podFlags(pod: string, type: "sandbox" | "container"): string[] {
  return [
    ...["--annotation", `io.kubernetes.cri.sandbox-id=${pod}`],
    ...["--annotation", `io.kubernetes.cri.container-type=${type}`],
  ];
}

/** containerd's own client against one containerd, in one namespace, with the runtime under test. */
export class Ctr {
  readonly #target: CtrTarget;

  constructor(target: CtrTarget) {
    this.#target = target;
  }

  get namespace(): string {
    return this.#target.namespace;
  }

  /** Any command line of ctr. */
  argv(...args: readonly string[]): string[] {
    const { ctr, address, namespace } = this.#target;
    return [ctr, "--address", address, "--namespace", namespace, ...args];
  }

  /** `ctr run FLAGS IMAGE ID ARGS`. */
  runArgv(id: string, args: readonly string[], flags: readonly string[] = [], image = imageName): string[] {
    const { fifoDirectory, runtimeFlags } = this.#target;
    return this.argv("run", ...runtimeFlags, "--fifo-dir", fifoDirectory, ...flags, image, id, ...args);
  }

  execArgv(id: string, execId: string, args: readonly string[], flags: readonly string[] = []): string[] {
    const { fifoDirectory } = this.#target;
    return this.argv("tasks", "exec", "--fifo-dir", fifoDirectory, "--exec-id", execId, ...flags, id, ...args);
  }

  async call(args: readonly string[], options?: CommandOptions): Promise<CommandResult> {
    return await run(this.argv(...args), options);
  }

  async ok(...args: readonly string[]): Promise<string> {
    return (await runOk(this.argv(...args))).stdout;
  }

  /** Runs a container in the foreground, to its end, and removes it. */
  async run(
    id: string,
    args: readonly string[],
    flags: readonly string[] = [],
    options?: CommandOptions,
  ): Promise<CommandResult> {
    return await run(this.runArgv(id, args, ["--rm", ...flags]), options);
  }

  /** Starts a container in the background. Its output goes nowhere unless the flags say otherwise. */
  async runDetached(id: string, args: readonly string[], flags: readonly string[] = ["--null-io"]): Promise<void> {
    await runOk(this.runArgv(id, args, ["--detach", ...flags]));
  }

  async exec(id: string, execId: string, args: readonly string[], options?: CommandOptions): Promise<CommandResult> {
    return await run(this.execArgv(id, execId, args), options);
  }

  /** Starts a second process in the background, its client with it: `ctr exec --detach` would leave its FIFOs behind. */
  async execInBackground(id: string, execId: string, args: readonly string[]): Promise<Command> {
    const command = start(this.execArgv(id, execId, args));
    const runs = async (): Promise<boolean> => {
      if (command.ended()) throw new Error(`exec ${execId} ended at once:\n${command.stderr()}`);
      return (await this.ok("tasks", "ps", id)).includes(execId);
    };
    await until(`exec ${execId} runs in ${id}`, runs, patienceMs);
    return command;
  }

  start(...args: readonly string[]): Command {
    return start(this.argv(...args), { stdin: "pipe" });
  }

  /** RUNNING, STOPPED, PAUSED...; undefined for a task that containerd does not know. */
  async status(id: string): Promise<string | undefined> {
    return (await this.#task(id))?.status;
  }

  async pid(id: string): Promise<number> {
    const task = await this.#task(id);
    if (task === undefined) throw new Error(`containerd knows no task ${id}`);
    return task.pid;
  }

  /** Every task that containerd knows, by its id. */
  async tasks(): Promise<Map<string, ListedTask>> {
    const rows = (await this.ok("tasks", "ls")).split("\n").slice(1, -1);
    return new Map(
      rows.map((line) => {
        const [id = "", pid, status = ""] = line.trim().split(/\s+/);
        return [id, { pid: Number(pid), status }];
      }),
    );
  }

  async #task(id: string): Promise<ListedTask | undefined> {
    return (await this.tasks()).get(id);
  }

  /** Removes task and container, killing it first if it still runs; what is gone already is no fault. */
  async remove(id: string): Promise<void> {
    await this.call(["tasks", "rm", "--force", id]);
    await this.call(["containers", "rm", id]);
  }
}
