import { readFileSync } from "node:fs";
import { loadNative } from "../../src/sys/windows/ffi.ts";

/** A line of the stand-in's log. */
export interface Entry {
  readonly call?: string;
  readonly done?: string;
  readonly event?: string;
  readonly bug?: string;
  /** What still lived when the process ended. */
  readonly detach?: string;
  readonly thread: number;
  /** HRESULT, unsigned. */
  readonly result: number;
  /** Of an event: how long its thread stood still. Of a close: how long it waited. */
  readonly ms: number;
  readonly id?: string;
  readonly document?: string;
}

export interface Answer {
  readonly hresult?: number;
  readonly document?: string;
  /** The operation completes so much later. */
  readonly delayMs?: number;
  /** The call itself answers, no operation begins. */
  readonly atOnce?: boolean;
}

const live = ["systems", "operations", "strings"] as const;

/** The test controls of the stand-in computecore.dll that this process has loaded or is to load. */
export class StandIn {
  readonly #calls = loadNative(process.env.UVM_SHIM_COMPUTECORE ?? "", {
    StubDeadlockAfter: ["void", "uint32"],
    StubFailNext: ["void", "str16", "uint32", "int32", "str16", "int32"],
    StubFireEvent: ["int32", "str16", "uint32", "str16"],
    StubLive: ["uint32", "uint32"],
    StubLayout: ["uint32", "uint32"],
  });

  /** For the next call of that name that has none yet. */
  answerNext(call: string, { hresult = 0, document, delayMs = 0, atOnce = false }: Answer): void {
    this.#calls.StubFailNext(call, delayMs, hresult | 0, document ?? null, atOnce ? 1 : 0);
  }

  /** From then on in this process: a close that waits so long for a callback counts as one that waits for itself. */
  deadlockAfter(ms: number): void {
    this.#calls.StubDeadlockAfter(ms);
  }

  /** From a thread of its own, to each handle of the system. An exit stops it. */
  fireEvent(id: string, type: number, data: string | null): void {
    if (this.#calls.StubFireEvent(id, type, data) === 0) throw new Error(`the stand-in has no system ${id}`);
  }

  live(): Record<(typeof live)[number], unknown> {
    return Object.fromEntries(live.map((what, i) => [what, this.#calls.StubLive(i)])) as ReturnType<StandIn["live"]>;
  }

  layout(what: number): unknown {
    return this.#calls.StubLayout(what);
  }

  log(): Entry[] {
    return readLog(process.env.UVM_STAND_IN_LOG ?? "");
  }

  /** The calls since the last time, by name. */
  calls(id?: string): string[] {
    return this.log().flatMap((entry) =>
      entry.call !== undefined && (id ?? entry.id) === entry.id ? [entry.call] : [],
    );
  }
}

export function readLog(path: string): Entry[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Entry);
}
