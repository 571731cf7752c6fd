import { isAbsolute } from "node:path";
import { failedPrecondition, invalidArgument, unavailable, unimplemented } from "../../errors/shim-error.ts";
import { unlessAborted } from "../../errors/unless-aborted.ts";
import { ProcessController } from "../process/controller.ts";
import { type ProcessLimits, processLimits } from "../process/ports.ts";
import type { RpcOptions } from "../tasks.ts";
import { BridgeTraffic } from "./bridge-traffic.ts";
import { Feed } from "./feed.ts";
import type {
  BridgeTold,
  BridgeWanted,
  ConsoleWanted,
  DiagnosedPod,
  Diagnostics,
  Told,
  VmProcess,
  VmShare,
} from "./ports.ts";
import { endingWithItsWriter } from "./stdio.ts";

const SIGKILL = 9;
/** Of what waits for a slow reader, at two bytes a character. */
const LINE_BYTES = 1024;
const ALL_LINES = 1_000_000;

/** Somebody looks into a pod, beside its containers. */
export class DiagnosticsController implements Diagnostics {
  /** To be given to each bridge of the pod. */
  readonly traffic = new BridgeTraffic();
  readonly #pod: DiagnosedPod;
  readonly #limits: ProcessLimits;
  readonly #ended = new AbortController();
  #lastExec = 0;

  constructor(pod: DiagnosedPod, limits: Partial<ProcessLimits> = {}) {
    this.#pod = pod;
    this.#limits = { ...processLimits, start: 10_000, ...limits };
  }

  async exec(process: VmProcess, { signal }: RpcOptions): Promise<number> {
    const verb = "run a process in it";
    this.#needsMachine(verb);
    const [program = ""] = process.args;
    if (program === "") throw invalidArgument(`pod ${this.#pod.id}: no program is named; cannot ${verb}`);
    if (process.terminal && process.stderr !== "") {
      throw failedPrecondition(`pod ${this.#pod.id}: a terminal has one output; cannot ${verb}: leave stderr empty`);
    }
    const until = this.#until(signal);
    return unlessAborted(
      this.#pod.awake(() => this.#run(process, until, verb)),
      until,
    );
  }

  async share({ hostPath, uvmPath: guestPath, readOnly }: VmShare, { signal }: RpcOptions): Promise<void> {
    const verb = "share with it";
    this.#needsMachine(verb);
    for (const path of [hostPath, guestPath]) {
      if (path === hostPath ? isAbsolute(path) : path.startsWith("/")) continue;
      throw invalidArgument(`pod ${this.#pod.id}: path ${JSON.stringify(path)} is not absolute; cannot ${verb}`);
    }
    const work = this.#pod.awake(async () => {
      const { devices } = this.#pod.vm(verb);
      // Held until the VM's end, which gives all of its shares back.
      const mapping = devices.plan9.reserve({ hostPath, readOnly, guestPath });
      try {
        await mapping.map();
      } catch (cause) {
        await mapping.unmap().catch((leak) => this.#pod.ports.warn(`${mapping.what} is left behind`, leak));
        throw cause;
      }
    });
    await unlessAborted(work, signal);
  }

  tasks(): ReturnType<Diagnostics["tasks"]> {
    return this.#pod.tasks();
  }

  async *console({ lines, follow }: ConsoleWanted, { signal }: RpcOptions): AsyncGenerator<Told<string>> {
    const console = this.#pod.console();
    if (console === undefined) throw unimplemented(`pod ${this.#pod.id}: stack ${this.#pod.stack} has no console`);
    const count = lines === 0 ? ALL_LINES : lines;
    if (!follow) {
      for (const item of console.tail(count)) yield { item, lost: 0 };
      return;
    }
    const feed = new Feed<string>();
    const until = this.#until(signal);
    const abort = (): void => feed.end(until.reason);
    const { lines: before, stop } = console.follow(count, (line) => feed.push(line, LINE_BYTES));
    try {
      if (until.aborted) abort();
      until.addEventListener("abort", abort, { once: true });
      void console.ended.then(() => feed.end());
      for (const item of before) yield { item, lost: 0 };
      yield* feed.read();
    } finally {
      stop();
      until.removeEventListener("abort", abort);
    }
  }

  bridge(wanted: BridgeWanted, { signal }: RpcOptions): AsyncIterable<Told<BridgeTold>> {
    return this.traffic.listen(wanted, this.#until(signal));
  }

  /** For a daemon that goes: what is under way ends now. */
  close(): void {
    this.#ended.abort(unavailable("the shim's daemon ends"));
  }

  async #run({ args, workdir, ...stdio }: VmProcess, signal: AbortSignal, verb: string): Promise<number> {
    const { namespace, ports } = this.#pod;
    const { guest } = this.#pod.vm(verb);
    signal.throwIfAborted();
    const id = `vm-exec-${++this.#lastExec}`;
    const process = new ProcessController({
      ...{ id, stdio, context: { containerId: this.#pod.id, namespace }, handover: false },
      ...{ hooks: { started() {}, exited() {} }, limits: this.#limits, warn: ports.warn },
      io: endingWithItsWriter(ports.io),
    });
    let exitCode: Promise<number> = Promise.reject(unavailable(`process ${id} has not started`));
    exitCode.catch(() => {});
    const kill = (): void => {
      process.kill(SIGKILL).catch((cause) => ports.warn(`process ${id} outlives who asked for it`, cause));
    };
    try {
      await process.start(async (settings) => {
        const running = await guest.createProcess({ commandArgs: args, workingDirectory: workdir, ...settings });
        exitCode = running.exitCode;
        return running;
      });
      if (signal.aborted) kill();
      signal.addEventListener("abort", kill, { once: true });
      await process.wait();
      // A guest that went with it has told nothing: no 255 that could be the process's own.
      return await exitCode;
    } finally {
      signal.removeEventListener("abort", kill);
      await process.delete();
    }
  }

  #needsMachine(verb: string): void {
    const { id, stack } = this.#pod;
    if (stack !== "local") return;
    throw unimplemented(`pod ${id} is on stack local, which has no vm; cannot ${verb}: its host is this one`);
  }

  #until(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#ended.signal]);
  }
}
