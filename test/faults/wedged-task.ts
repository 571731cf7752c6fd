import { ShimError } from "../../src/errors/shim-error.ts";
import { ShimDiag } from "../../src/generated/containerd/runhcs/v1/diag.ts";
import { Sandbox } from "../../src/generated/containerd/runtime/sandbox/v1.ts";
import { Task } from "../../src/generated/containerd/task/v3.ts";
import { Any } from "../../src/generated/google/protobuf.ts";
import { Diagnostics } from "../../src/generated/uvmshim/diag/v1.ts";
import { rpcBudgets } from "../../src/service/budgets.ts";
import type { Client } from "../../src/ttrpc/client.ts";
import { propertyName, type ServiceDescriptor } from "../../src/ttrpc/service.ts";
import { connect } from "../../src/ttrpc/socket.ts";
import { requestOf } from "./program-task.ts";

/** An RPC against a wedged guest, as its client saw it. */
export interface Answer {
  readonly method: string;
  readonly budget: number;
  readonly milliseconds: number;
  /** "answered", or the error's kind. */
  readonly outcome: string;
  readonly message: string;
}

export const EXEC = "prepared";

const document = (type: string, value: object): Any =>
  Any.create({
    typeUrl: `types.containerd.io/opencontainers/runtime-spec/1/${type}`,
    value: Buffer.from(JSON.stringify(value)),
  });

export const execDocument = document("Process", {
  ...{ args: ["sleep", "1000"], cwd: "/", env: ["PATH=/bin"], user: { uid: 0, gid: 0 }, terminal: false },
});

/** The shim's socket, for calls that may be many at a time. */
export class WedgedTask {
  readonly #client: Client;
  readonly id: string;

  private constructor(client: Client, id: string) {
    this.#client = client;
    this.id = id;
  }

  static async connect(address: string, id: string): Promise<WedgedTask> {
    return new WedgedTask(await connect(address.trim().replace(/^unix:\/\//, "")), id);
  }

  get task() {
    return this.#client.service(Task);
  }

  close(): void {
    this.#client.close();
  }

  /** What asks, or could ask, something of the guest or of its VM. `other`: a container that is not there yet. */
  ask(other: { readonly id: string; readonly bundle: string }, checkpoint: string): Promise<Answer>[] {
    const { id } = this;
    const init = { id, execId: "" };
    const resources = document("LinuxResources", { pids: { limit: 100 } });
    return [
      // Before the pause, which refuses what comes while it is under way.
      this.#ask(Task, "Start", { id, execId: EXEC }),
      this.#ask(Task, "Checkpoint", { id, path: checkpoint, options: undefined }),
      this.#ask(Task, "Stats", { id }),
      this.#ask(Task, "Update", { id, resources, annotations: new Map() }),
      this.#ask(Task, "Pause", { id }),
      this.#ask(Task, "Resume", { id }),
      this.#ask(Task, "Kill", { ...init, signal: 15, all: false }),
      this.#ask(Task, "Exec", {
        id,
        execId: "late",
        spec: execDocument,
        terminal: false,
        stdin: "",
        stdout: "",
        stderr: "",
      }),
      this.#ask(Task, "ResizePty", { ...init, width: 80, height: 25 }),
      this.#ask(Task, "CloseIO", { ...init, stdin: true }),
      this.#ask(Task, "Delete", init),
      this.#ask(Task, "Shutdown", { id, now: true }),
      this.#ask(Task, "Create", requestOf(other.id, other.bundle)),
      this.#ask(Sandbox, "SandboxMetrics", { sandboxId: id }),
      this.#ask(Sandbox, "SandboxStatus", { sandboxId: id, verbose: true }),
      this.#ask(Sandbox, "PingSandbox", { sandboxId: id }),
      this.#ask(Sandbox, "StopSandbox", { sandboxId: id, timeoutSecs: 0 }),
      this.#ask(Sandbox, "Platform", { sandboxId: id }),
      this.#ask(ShimDiag, "DiagStacks", {}),
      this.#ask(ShimDiag, "DiagTasks", { execs: true }),
      this.#ask(ShimDiag, "DiagPid", {}),
      this.#ask(ShimDiag, "DiagShare", { hostPath: other.bundle, uvmPath: "/run/shared", readOnly: true }),
      this.#ask(Diagnostics, "Report", {}),
    ];
  }

  /** What has to be told at once, whatever else waits. */
  look(): Promise<Answer>[] {
    const init = { id: this.id, execId: "" };
    return [
      this.#ask(Task, "State", init),
      this.#ask(Task, "State", { ...init, execId: EXEC }),
      this.#ask(Task, "Pids", { id: this.id }),
      this.#ask(Task, "Connect", { id: this.id }),
    ];
  }

  kill(): Promise<Answer> {
    return this.#ask(Task, "Kill", { id: this.id, execId: "", signal: 9, all: true });
  }

  delete(): Promise<Answer> {
    return this.#ask(Task, "Delete", { id: this.id, execId: "" });
  }

  shutdown(): Promise<Answer> {
    return this.#ask(Task, "Shutdown", { id: this.id, now: false });
  }

  async #ask(service: ServiceDescriptor, method: string, request: object): Promise<Answer> {
    const call: unknown = Reflect.get(this.#client.service(service), propertyName(method));
    if (typeof call !== "function") throw new Error(`${service.name} has no ${method}`);
    const budget = Number(rpcBudgets[service.name]?.[method]);
    const begin = performance.now();
    const end = (outcome: string, message = ""): Answer => {
      return { method, budget, outcome, message, milliseconds: performance.now() - begin };
    };
    return await call(request).then(
      () => end("answered"),
      (error: unknown) => end(ShimError.from(error).kind, ShimError.from(error).message),
    );
  }
}
