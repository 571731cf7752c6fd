import { alreadyExists, notFound } from "../../errors/shim-error.ts";
import { unlessAborted } from "../../errors/unless-aborted.ts";
import type { ContainerStatistics } from "../../guestmanager/guest.ts";
import { deferred } from "../deadline.ts";
import { Machine } from "../state-table.ts";
import type { RpcOptions } from "../tasks.ts";
import type { CreateSandbox, SandboxExit, Sandboxes, SandboxPod, SandboxStatus } from "./ports.ts";
import { type SandboxState, sandboxStates } from "./state.ts";

/** 128 + SIGKILL: a VM that ended by itself. */
const LOST = 137;

/**
 * The pod as containerd's sandbox API knows it: a VM that is there before its first container and after its last, until it
 * is stopped (reference: containerd-shim 1.20). One a shim, and once only.
 */
export class SandboxController implements Sandboxes {
  readonly #pod: () => Promise<SandboxPod>;
  readonly #machine: Machine<typeof sandboxStates, SandboxState>;
  readonly #exited = deferred<SandboxExit>();
  #starting: Promise<unknown> | undefined;
  #stopping: Promise<void> | undefined;

  /** `id`: the pod's. `pod` is asked for when the first sandbox starts. */
  constructor(id: string, pod: () => Promise<SandboxPod>) {
    this.#pod = pod;
    this.#machine = new Machine<typeof sandboxStates, SandboxState>(sandboxStates, id, { name: "not-created" });
  }

  create(request: CreateSandbox): void {
    const { id, state } = this.#machine;
    if (state.name !== "not-created") throw alreadyExists(`sandbox ${id} already exists, and a shim has one`);
    this.#own(request.id);
    this.#machine.begin("create", { name: "created", request, createdAt: new Date() });
  }

  async start(id: string, { signal }: RpcOptions): Promise<{ pid: number; createdAt: Date }> {
    this.#own(id);
    const { state } = this.#machine;
    if (state.name !== "created") throw this.#machine.refusal("start");
    const { request, createdAt } = state;
    this.#machine.begin("start", { name: "starting", request, createdAt });
    const work = this.#start(request, createdAt);
    this.#starting = work.catch(() => {});
    return { pid: await unlessAborted(work, signal), createdAt };
  }

  /** Idempotent. */
  async stop(id: string, { signal }: RpcOptions): Promise<void> {
    this.#made(id);
    await unlessAborted(this.#stop(), signal);
  }

  async wait(id: string, { signal }: RpcOptions): Promise<SandboxExit> {
    this.#made(id);
    return await unlessAborted(this.#exited.promise, signal);
  }

  status(id: string): SandboxStatus {
    const state = this.#made(id);
    return {
      ready: state.name === "ready",
      pid: "pid" in state ? state.pid : 0,
      state: state.name,
      networkNamespace: state.request.networkNamespace,
      createdAt: state.createdAt,
      ...("exit" in state && { exitedAt: state.exit.at }),
    };
  }

  ping(id: string): void {
    this.#own(id);
    this.#machine.guard("use", "ping");
  }

  async metrics(id: string, options: RpcOptions): Promise<ContainerStatistics> {
    this.#own(id);
    this.#machine.guard("use", "measure");
    return await unlessAborted((await this.#pod()).metrics(options), options.signal);
  }

  /** Of whatever is there: containerd also cleans up so after a create that failed. */
  async shutdown(id: string, options: RpcOptions): Promise<void> {
    this.#own(id);
    await this.close(options);
  }

  /** For a daemon that has to go, too. */
  async close({ signal }: RpcOptions): Promise<void> {
    if (!this.#machine.is("not-created", "ended")) await unlessAborted(this.#end(), signal);
    this.#machine.transition("shutdown", { name: "ended" });
  }

  /** Until its shutdown the shim has to stay, whatever Task.Shutdown asks. */
  busy(): boolean {
    return !this.#machine.is("not-created", "ended");
  }

  async #start(request: CreateSandbox, createdAt: Date): Promise<number> {
    try {
      const { pid } = await (await this.#pod()).hold(request, () => this.#lost());
      this.#machine.transition("started", { name: "ready", request, createdAt, pid });
      return pid;
    } catch (cause) {
      const exit = { status: LOST, at: new Date() };
      this.#machine.transition("startFailed", { name: "stopped", request, createdAt, pid: 0, exit });
      this.#exited.resolve(exit);
      throw cause;
    }
  }

  async #end(): Promise<void> {
    await this.#stop();
    // What ended by itself, or while it started, is still held.
    if (this.#starting !== undefined) await this.#letGo();
  }

  async #stop(): Promise<void> {
    await this.#starting;
    this.#stopping ??= this.#stopNow();
    await this.#stopping;
  }

  async #stopNow(): Promise<void> {
    const { state } = this.#machine;
    if (state.name !== "created" && state.name !== "ready") return;
    const { request, createdAt } = state;
    const pid = "pid" in state ? state.pid : 0;
    this.#machine.begin("stop", { name: "stopping", request, createdAt, pid });
    await this.#letGo();
    const exit = { status: 0, at: new Date() };
    this.#machine.transition("stopped", { name: "stopped", request, createdAt, pid, exit });
    this.#exited.resolve(exit);
  }

  /** A pod that cannot be made holds nothing. */
  async #letGo(): Promise<void> {
    const pod = await this.#pod().catch(() => undefined);
    await pod?.letGo();
  }

  #lost(): void {
    const { state } = this.#machine;
    if (state.name !== "ready") return;
    const exit = { status: LOST, at: new Date() };
    this.#machine.transition("lost", { ...state, name: "stopped", exit });
    this.#exited.resolve(exit);
  }

  #own(id: string): void {
    if (id !== this.#machine.id) throw notFound(`sandbox ${id} does not exist: this shim serves ${this.#machine.id}`);
  }

  #made(id: string): Exclude<SandboxState, { readonly name: "not-created" | "ended" }> {
    this.#own(id);
    const { state } = this.#machine;
    if (state.name === "not-created" || state.name === "ended") throw notFound(`sandbox ${id} is ${state.name}`);
    return state;
  }
}
