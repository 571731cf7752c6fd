/**
 * Calls into Windows' DLLs by koffi, which is loaded with the first of them. Facts that shape it (reference: windows 2): an
 * `async` call takes one of libuv's four threads for as long as it lasts, and a callback that comes on a foreign thread holds
 * that thread until ours has run it.
 */
import { loadKoffi } from "../load-koffi.ts";

/** koffi's names of the types that we use: a BOOL is int32, a DWORD uint32; a handle or SOCKET intptr_t, invalid = -1. */
export type NativeType =
  | "void"
  | "int32"
  | "uint16"
  | "uint32"
  | "uint64"
  | "intptr_t"
  | "str16"
  | "void *"
  | "_Out_ void **"
  | object;

/** Symbol to its result's type, then its arguments'. */
export type NativeSignatures = Readonly<Record<string, readonly [NativeType, ...NativeType[]]>>;

export interface NativeFunction {
  /** 64-bit integers are bigints where they are no safe integer. */
  (...args: unknown[]): unknown;
  /** On a thread of libuv's pool. */
  async(...args: [...unknown[], (error: unknown, result: unknown) => void]): void;
}

export type NativeLibrary<S extends NativeSignatures> = { readonly [K in keyof S]: NativeFunction };

/** The part of koffi that is used; its own types would have it loaded at once. */
export interface Koffi {
  load(path: string): {
    func(convention: string, name: string, result: NativeType, args: readonly NativeType[]): NativeFunction;
  };
  address(value: unknown): bigint;
  struct(name: string, members: Readonly<Record<string, string>>): object;
  proto(convention: string, name: string, result: string, args: readonly string[]): object;
  pointer(type: object): object;
  register(callback: (...args: never[]) => unknown, type: object): bigint;
  unregister(callback: bigint): void;
  readonly decode: ((reference: unknown, type: string | object, length?: number) => unknown) & {
    string16(reference: unknown): string;
  };
}

export function koffi(): Koffi {
  return loadKoffi() as Koffi;
}

/** A DLL of the system's own directory, by its full path: one of that name beside our program is not to be loaded. */
export function systemLibrary(name: string): string {
  return `${process.env.SystemRoot ?? "C:\\Windows"}\\System32\\${name}`;
}

/** Throws where the DLL or a symbol is missing. */
export function loadNative<const S extends NativeSignatures>(path: string, signatures: S): NativeLibrary<S> {
  const dll = koffi().load(path);
  // Once more, and never given back: at Node's end koffi unloads what it loaded, under the threads that a DLL may have.
  koffi().load(systemLibrary("kernel32.dll")).func("__stdcall", "LoadLibraryW", "void *", ["str16"])(path);
  const functions: Record<string, NativeFunction> = {};
  for (const [name, [result, ...args]] of Object.entries(signatures)) {
    functions[name] = dll.func("__stdcall", name, result, args);
  }
  return functions as NativeLibrary<S>;
}
