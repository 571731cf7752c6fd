import { ShimError } from "../errors/shim-error.ts";
import { unlessAborted } from "../errors/unless-aborted.ts";
import type { ShimDiag } from "../generated/containerd/runhcs/v1/diag.ts";
import type { Sandbox } from "../generated/containerd/runtime/sandbox/v1.ts";
import type { Streaming } from "../generated/containerd/services/streaming/v1.ts";
import type { Transfer } from "../generated/containerd/services/transfer/v1.ts";
import type { Task as TaskV2 } from "../generated/containerd/task/v2.ts";
import type { Task as TaskV3 } from "../generated/containerd/task/v3.ts";
import type { Diagnostics } from "../generated/uvmshim/diag/v1.ts";
import type { Uvm } from "../generated/uvmshim/uvm/v1.ts";
import { deadline } from "../orchestration/deadline.ts";
import type { ServerInterceptor } from "../ttrpc/interceptor.ts";
import type { CallContext, ServiceDescriptor } from "../ttrpc/service.ts";

/** In ms, or for as long as what it waits for, and its caller, live. */
export type Budget = number | "unbounded";

type BudgetsOf<S extends ServiceDescriptor> = Readonly<Record<keyof S["methods"] & string, Budget>>;

const task: BudgetsOf<typeof TaskV3> = {
  State: 2_000,
  Create: 180_000,
  Start: 70_000,
  Delete: 60_000,
  Pids: 4_000,
  Pause: 15_000,
  Resume: 15_000,
  Checkpoint: 150_000,
  Kill: 20_000,
  Exec: 5_000,
  ResizePty: 15_000,
  CloseIO: 2_000,
  Update: 15_000,
  // As long as the process.
  Wait: "unbounded",
  Stats: 15_000,
  Connect: 2_000,
  Shutdown: 5_000,
};

const sandbox: BudgetsOf<typeof Sandbox> = {
  CreateSandbox: 5_000,
  // A boot has containerd's own patience.
  StartSandbox: 180_000,
  Platform: 2_000,
  StopSandbox: 20_000,
  // As long as the sandbox.
  WaitSandbox: "unbounded",
  SandboxStatus: 2_000,
  PingSandbox: 2_000,
  ShutdownSandbox: 20_000,
  SandboxMetrics: 2_000,
};

const streaming: BudgetsOf<typeof Streaming> = {
  // As long as the stream; its first message is waited for by the service.
  Stream: "unbounded",
};

const transfer: BudgetsOf<typeof Transfer> = {
  // As long as the data flows, or its caller waits.
  Transfer: "unbounded",
};

const shimDiag: BudgetsOf<typeof ShimDiag> = {
  // As long as the process.
  DiagExecInHost: "unbounded",
  // Of it the guest's part has 2 s.
  DiagStacks: 4_000,
  DiagTasks: 2_000,
  DiagShare: 70_000,
  DiagPid: 2_000,
};

const diagnostics: BudgetsOf<typeof Diagnostics> = {
  // As long as somebody follows.
  Console: "unbounded",
  Bridge: "unbounded",
  Report: 4_000,
};

const uvm: BudgetsOf<typeof Uvm> = {
  // A boot and its devices; the steps have bounds of their own.
  Boot: 300_000,
  Restore: 300_000,
  Pause: 15_000,
  Resume: 25_000,
  Save: 150_000,
  Add: 70_000,
  Remove: 70_000,
  ResizeMemory: 40_000,
  Status: 2_000,
  Stats: 15_000,
  Stop: 60_000,
};

type BudgetedService =
  | typeof TaskV2
  | typeof TaskV3
  | typeof Sandbox
  | typeof Streaming
  | typeof Transfer
  | typeof ShimDiag
  | typeof Diagnostics
  | typeof Uvm;

/** By their names: the messages of services that are not served, or not yet loaded, are not needed here. */
const budgets: { readonly [S in BudgetedService as S["name"]]: BudgetsOf<S> } = {
  "containerd.task.v2.Task": task,
  "containerd.task.v3.Task": task,
  "containerd.runtime.sandbox.v1.Sandbox": sandbox,
  "containerd.services.streaming.v1.Streaming": streaming,
  "containerd.services.transfer.v1.Transfer": transfer,
  "containerd.runhcs.v1.diag.ShimDiag": shimDiag,
  "uvmshim.diag.v1.Diagnostics": diagnostics,
  "uvmshim.uvm.v1.Uvm": uvm,
};

/**
 * How long each method on the shim's socket, or that of uvmctl's keeper, may take where its client does not say less, by
 * the names of its service and its own: a wedged guest costs this much and no more. The layers below bound their own
 * steps; this is the last resort, so it lies above their sum.
 */
export const rpcBudgets: Readonly<Record<string, Readonly<Record<string, Budget>>>> = budgets;

export interface BudgetedCalls extends ServerInterceptor {
  /** Calls that have a budget, and no answer yet. */
  readonly underWay: number;
}

/**
 * Ends each call with deadline-exceeded when its budget is spent, whatever its handler does; the handler's own signal
 * aborts then. A method without a budget is refused as internal. `scaled` goes over the table, by the method's full name.
 */
export function withinBudgets(scaled: Readonly<Record<string, Budget>> = {}): BudgetedCalls {
  let underWay = 0;
  const ended = (): void => {
    underWay -= 1;
  };
  const call = <T>(context: CallContext, of: T, next: (of: T, context: CallContext) => unknown): unknown => {
    const { service, method, fullMethod } = context;
    const budget = scaled[fullMethod] ?? rpcBudgets[service]?.[method];
    if (budget === undefined) throw new ShimError("internal", `${fullMethod} has no budget; cannot call it`);
    if (budget === "unbounded") return next(of, context);
    const bounded = new BoundedContext(context, budget, of);
    let result: unknown;
    try {
      result = next(of, bounded);
    } catch (error) {
      bounded.done();
      throw error;
    }
    // Answered at once: State and Connect, by the thousand a second.
    if (!(result instanceof Promise)) {
      bounded.done();
      return result;
    }
    underWay += 1;
    return settled(result, bounded, ended);
  };
  return {
    unary: (request, context, next) => call(context, request, next),
    stream: (stream, context, next) => call(context, stream, next),
    get underWay() {
      return underWay;
    },
  };
}

async function settled(result: Promise<unknown>, bounded: BoundedContext, ended: () => void): Promise<unknown> {
  try {
    return await unlessAborted(result, bounded.signal);
  } finally {
    bounded.done();
    ended();
  }
}

/** The call's own, but for the signal, which is made when somebody asks for it: its timer costs more than a short call. */
class BoundedContext implements CallContext {
  readonly #call: CallContext;
  readonly #budget: number;
  /** The request, or the stream of them. */
  readonly #of: unknown;
  #deadline: ReturnType<typeof deadline> | undefined;

  constructor(call: CallContext, budget: number, of: unknown) {
    this.#call = call;
    this.#budget = budget;
    this.#of = of;
  }

  get signal(): AbortSignal {
    this.#deadline ??= deadline(this.#budget, `${this.method}${subjectOf(this.#of)}`, this.#call.signal);
    return this.#deadline.signal;
  }

  /** The handler has ended. */
  done(): void {
    this.#deadline?.done();
  }

  get service(): string {
    return this.#call.service;
  }

  get method(): string {
    return this.#call.method;
  }

  get fullMethod(): string {
    return this.#call.fullMethod;
  }

  get metadata(): CallContext["metadata"] {
    return this.#call.metadata;
  }

  get deadline(): number | undefined {
    return this.#call.deadline;
  }
}

/** " of c1" */
function subjectOf(request: unknown): string {
  if (typeof request !== "object" || request === null) return "";
  const id = "id" in request ? request.id : "sandboxId" in request ? request.sandboxId : "";
  return typeof id === "string" && id !== "" ? ` of ${id}` : "";
}
