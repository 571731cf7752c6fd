import { ShimError, unavailable } from "../../../errors/shim-error.ts";
import type { Logger } from "../../../log/logger.ts";
import { i32, parseAt, text } from "../../../prot/json-codec.ts";
import { field, record } from "../../../prot/json-record.ts";
import type { VMExit } from "../../lifetime.ts";
import { type ComputeEvent, type ComputeSystem, EventType } from "./computecore/compute-core.ts";

/** Of a crash report: its log is the guest's, as long as that likes. */
const MAX_REPORT = 4000;

const systemExitStatus = record({
  status: field("Status", i32),
  /** "GracefulExit", "ForcedExit", "UnexpectedExit"; from schema 2.2 on. */
  exitType: field("ExitType", text),
});

/** What HCS tells of one VM: its crashes, for the log, and its end. */
export class VmEvents {
  readonly exited: Promise<VMExit>;
  readonly #id: string;
  readonly #log: Logger;
  #tell: (exit: VMExit) => void = () => {};
  #crashed = false;
  #ended = false;
  #asked = false;

  constructor(id: string, system: ComputeSystem, log: Logger) {
    this.#id = id;
    this.#log = log;
    this.exited = new Promise((resolve) => {
      this.#tell = resolve;
    });
    system.onEvent((event) => this.#take(event));
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** It is to end: that it does is no error from now on. */
  expectEnd(): void {
    this.#asked = true;
  }

  /** For an end of which HCS tells nothing: the handle is closed, or it has said so in answer to a call. */
  end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#tell({ exitedAt: new Date(), ...(error && { error }) });
  }

  #take({ type, data }: ComputeEvent): void {
    switch (type) {
      case EventType.systemExited:
        this.end(this.#exitError(data));
        return;
      case EventType.systemCrashInitiated:
      case EventType.systemCrashReport:
        this.#crashed = true;
        this.#log.error(`vm ${this.#id}: its guest has crashed`, { report: data.slice(0, MAX_REPORT) });
        return;
      case EventType.serviceDisconnect:
        // Nothing more will be told of it; hcsshim gives it up, too.
        this.end(unavailable(`vm ${this.#id}: the host compute service is gone, and what it knew of the VM with it`));
    }
  }

  #exitError(data: string): Error | undefined {
    const { status, exitType } = this.#exitStatus(data);
    if (this.#asked && exitType !== "UnexpectedExit") return undefined;
    const how = exitType === "" ? "" : ` (${exitType})`;
    const why = this.#crashed ? "its guest has crashed" : `status 0x${(status >>> 0).toString(16).padStart(8, "0")}`;
    return unavailable(`vm ${this.#id} has ended by itself${how}: ${why}`);
  }

  #exitStatus(data: string): { readonly status: number; readonly exitType: string } {
    try {
      if (data !== "") return systemExitStatus.decode(parseAt(data, "SystemExitStatus"), "SystemExitStatus");
    } catch (error) {
      this.#log.warn(`vm ${this.#id}: its exit status can't be read`, { error: ShimError.from(error) });
    }
    return systemExitStatus.zero;
  }
}
