import type { CallOptions } from "../../src/vmmanager/lifetime.ts";
import {
  type ComputeCore,
  type ComputeEvent,
  type ComputeSystem,
  EventType,
} from "../../src/vmmanager/stacks/hcs/computecore/compute-core.ts";
import { HcsError } from "../../src/vmmanager/stacks/hcs/computecore/hcs-error.ts";

export const INVALID_STATE = 0x8037_0105;
const NOT_FOUND = 0x8037_010e;
export const ALREADY_STOPPED = 0x8037_0110;
const ALREADY_EXISTS = 0x8037_010f;
export const RUNTIME_ID = "5e0d2d4c-9b1f-4d0c-8d2f-1a2b3c4d5e6f";

type State = "Created" | "Running" | "Paused" | "Stopped";

/** What it was called with, in the order of the calls; documents are parsed. */
export interface RecordedCall {
  readonly call: string;
  readonly path?: string;
  readonly document?: unknown;
}

/**
 * HCS in memory: it keeps each system's state and records what it is given. What HCS itself makes of the documents it does
 * not know; the calls' own life (threads, handles, results) is the rig's.
 */
export class ComputeCoreStandIn implements ComputeCore {
  readonly calls: RecordedCall[] = [];
  /** Run in place of the call's own work, by its name; a throw fails it. */
  readonly faults: { [call: string]: (() => unknown) | undefined } = {};
  readonly systems = new Map<string, SystemStandIn>();
  readonly openHandles = new Set<SystemStandIn>();
  /** Told of each system that starts to run, and of its end. */
  onStart: (system: SystemStandIn) => void = () => {};
  onEnd: (system: SystemStandIn) => void = () => {};

  async createComputeSystem(id: string, configuration: string, options?: CallOptions): Promise<SystemStandIn> {
    await this.record("create", { document: JSON.parse(configuration) }, options);
    if (this.systems.has(id)) throw new HcsError("HcsCreateComputeSystem", ALREADY_EXISTS);
    const system = new SystemStandIn(this, id);
    this.systems.set(id, system);
    this.openHandles.add(system);
    return system;
  }

  async openComputeSystem(id: string): Promise<SystemStandIn> {
    const system = this.systems.get(id);
    if (system === undefined) throw new HcsError("HcsOpenComputeSystem", NOT_FOUND);
    return system;
  }

  async enumerateComputeSystems(): Promise<string> {
    return JSON.stringify([...this.systems.values()].map(({ id, state }) => ({ Id: id, State: state })));
  }

  getServiceProperties(): string {
    return JSON.stringify({ Properties: [{ LogicalProcessorCount: 8 }] });
  }

  createEmptyRuntimeStateFile(path: string): void {
    this.recordNow("createEmptyRuntimeStateFile", { path });
  }

  createEmptyGuestStateFile(path: string): void {
    this.recordNow("createEmptyGuestStateFile", { path });
  }

  grantVmAccess(vmId: string, path: string): void {
    this.recordNow("grantVmAccess", { path: `${vmId} ${path}` });
  }

  revokeVmAccess(vmId: string, path: string): void {
    this.recordNow("revokeVmAccess", { path: `${vmId} ${path}` });
  }

  recordNow(call: string, more: Omit<RecordedCall, "call">): void {
    this.calls.push({ call, ...more });
    this.faults[call]?.();
  }

  async record(call: string, more: Omit<RecordedCall, "call">, options: CallOptions | undefined): Promise<void> {
    options?.signal?.throwIfAborted();
    this.calls.push({ call, ...more });
    await this.faults[call]?.();
    // As if another thread had done it.
    await new Promise(setImmediate);
  }
}

export class SystemStandIn implements ComputeSystem {
  readonly id: string;
  state: State = "Created";
  /** JSON of the properties beside the basic ones. */
  statistics: object = {
    Statistics: { Processor: { TotalRuntime100ns: 12_345 } },
    Memory: { VirtualMachineMemory: { AssignedMemory: 262_144 } },
  };
  readonly #core: ComputeCoreStandIn;
  readonly #early: ComputeEvent[] = [];
  #listener: ((event: ComputeEvent) => void) | undefined;

  constructor(core: ComputeCoreStandIn, id: string) {
    this.#core = core;
    this.id = id;
  }

  onEvent(listener: (event: ComputeEvent) => void): void {
    this.#listener = listener;
    for (const event of this.#early.splice(0)) listener(event);
  }

  fire(type: number, data: object | string = ""): void {
    const event = { type, data: typeof data === "string" ? data : JSON.stringify(data) };
    if (this.#listener === undefined) this.#early.push(event);
    else this.#listener(event);
  }

  /** The system ends by itself. */
  exit(status: object = { Status: 0, ExitType: "GracefulExit" }): void {
    if (this.state === "Stopped") return;
    this.state = "Stopped";
    this.#core.systems.delete(this.id);
    this.#core.onEnd(this);
    this.fire(EventType.systemExited, status);
  }

  start(options?: CallOptions): Promise<void> {
    return this.#change("start", "", ["Created"], "Running", options, () => this.#core.onStart(this));
  }

  async shutDown(document: string, options?: CallOptions): Promise<void> {
    await this.#change("shutDown", document, ["Running"], "Stopped", options);
  }

  async terminate(options?: CallOptions): Promise<void> {
    await this.#core.record("terminate", {}, options);
    if (this.state === "Stopped") throw new HcsError("HcsTerminateComputeSystem", ALREADY_STOPPED);
    this.exit({ Status: 0, ExitType: "ForcedExit" });
  }

  pause(document: string, options?: CallOptions): Promise<void> {
    return this.#change("pause", document, ["Running"], "Paused", options);
  }

  resume(options?: CallOptions): Promise<void> {
    return this.#change("resume", "", ["Paused"], "Running", options);
  }

  save(document: string, options?: CallOptions): Promise<void> {
    return this.#change("save", document, ["Paused"], "Paused", options);
  }

  crash(document: string, options?: CallOptions): Promise<void> {
    return this.#core.record("crash", { document }, options);
  }

  async getProperties(query: string, options?: CallOptions): Promise<string> {
    await this.#core.record("getProperties", { document: JSON.parse(query) }, options);
    if (this.state === "Stopped") throw new HcsError("HcsGetComputeSystemProperties", ALREADY_STOPPED);
    const basic = { Id: this.id, SystemType: "VirtualMachine", RuntimeId: RUNTIME_ID, State: this.state };
    return JSON.stringify(query === "{}" ? basic : { ...basic, ...this.statistics });
  }

  async modify(request: string, options?: CallOptions): Promise<void> {
    await this.#core.record("modify", { document: JSON.parse(request) }, options);
  }

  async close(): Promise<void> {
    await this.#core.record("close", {}, undefined);
    this.#core.openHandles.delete(this);
    // The last handle.
    this.exit({ Status: 0, ExitType: "ForcedExit" });
  }

  async #change(
    call: string,
    document: string,
    from: readonly State[],
    to: State,
    options: CallOptions | undefined,
    done: () => void = () => {},
  ): Promise<void> {
    await this.#core.record(call, document === "" ? {} : { document: JSON.parse(document) }, options);
    if (!from.includes(this.state)) throw new HcsError(`HcsSystem ${call}`, INVALID_STATE);
    this.state = to;
    done();
  }
}
