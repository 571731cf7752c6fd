import { unavailable } from "../../../../errors/shim-error.ts";
import {
  koffi,
  loadNative,
  type NativeFunction,
  type NativeLibrary,
  systemLibrary,
} from "../../../../sys/windows/ffi.ts";
import type { ComputeEvent } from "./compute-core.ts";
import { eventMembers, nativeSignatures } from "./signatures.ts";

/** An HCS_SYSTEM or HCS_OPERATION. */
export type Handle = bigint;
export type Calls = NativeLibrary<typeof nativeSignatures>;

/** computecore.dll of this process, its strings and the one callback through which all events come. */
export class ComputeCoreLibrary {
  readonly calls: Calls;
  readonly #localFree: NativeFunction;
  /**
   * Registered once and never taken back: a call that came in after that would end the process (reference: windows 2).
   * Whose event it is, its context tells, which is a key and no pointer.
   */
  readonly eventCallback: bigint;
  readonly #event: object;
  readonly #listeners = new Map<bigint, (event: ComputeEvent) => void>();
  #lastKey = 0n;

  constructor(path: string) {
    this.calls = loadNative(path, nativeSignatures);
    this.#localFree = loadNative(systemLibrary("kernel32.dll"), { LocalFree: ["void *", "void *"] }).LocalFree;
    this.#event = koffi().struct("HCS_EVENT", eventMembers);
    const prototype = koffi().proto("__stdcall", "HCS_EVENT_CALLBACK", "void", ["void *", "void *"]);
    this.eventCallback = koffi().register(
      (event: unknown, context: unknown) => this.#take(event, context),
      koffi().pointer(prototype),
    );
  }

  /** The context for events that are to go to the listener, one after the other, in a turn of their own. */
  listen(listener: (event: ComputeEvent) => void): bigint {
    const key = ++this.#lastKey;
    this.#listeners.set(key, listener);
    return key;
  }

  forget(key: bigint): void {
    this.#listeners.delete(key);
  }

  /** The string that a call gave out, given back to its heap; empty for NULL. */
  takeString(out: readonly unknown[]): string {
    const [pointer] = out;
    if (!isHandle(pointer)) return "";
    const text = koffi().decode.string16(pointer);
    this.#localFree(pointer);
    return text;
  }

  /** A thread of HCS stands still until this returns, and what it shows is gone then. */
  #take(event: unknown, context: unknown): void {
    try {
      const { Type, EventData } = koffi().decode(event, this.#event) as { Type: number; EventData: string | null };
      const taken = { type: Type >>> 0, data: EventData ?? "" };
      setImmediate(() => this.#listeners.get(koffi().address(context))?.(taken));
    } catch (error) {
      // Thrown here it would be lost on the way through HCS.
      setImmediate(() => {
        throw error;
      });
    }
  }
}

/** A pointer that a call gave out. */
export function isHandle(value: unknown): value is Handle {
  return typeof value === "bigint" ? value !== 0n : value !== null && value !== undefined;
}

/** The call, on a thread of libuv's pool: what waits for callbacks must not be waited for by the thread that runs them. */
export function onPool(call: NativeFunction, ...args: unknown[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    call.async(...args, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

let loaded: ComputeCoreLibrary | undefined;

/** UVM_SHIM_COMPUTECORE, a path, takes the place of the system's: for tests. Throws `unavailable`. */
export function loadComputeCore(): ComputeCoreLibrary {
  const path = process.env.UVM_SHIM_COMPUTECORE ?? systemLibrary("computecore.dll");
  try {
    loaded ??= new ComputeCoreLibrary(path);
  } catch (error) {
    throw unavailable(`${path} cannot be loaded: enable the Windows features Containers and Hyper-V`, error);
  }
  return loaded;
}
