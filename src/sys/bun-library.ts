/** C calls in Bun: bun:ffi. */
import { dlopen, FFIType, read } from "bun:ffi";
import type { CType, CValue, Library, LibrarySignatures } from "./library.ts";

const types: Readonly<Record<CType, FFIType>> = {
  void: FFIType.void,
  int: FFIType.int32_t,
  uint: FFIType.uint32_t,
  // The _fast kinds answer a number where it is exact, a bigint beyond.
  i64: FFIType.i64_fast,
  u64: FFIType.u64_fast,
  cstring: FFIType.ptr,
  buffer: FFIType.ptr,
  pointer: FFIType.ptr,
};

let errnoAddress: number | undefined;

/**
 * Buffers are passed as the TypedArray itself: with `ptr(array)` passed as a number Bun's JIT may go on reading the
 * array's old content once the caller is hot (reference: performance 7).
 */
export function loadLibrary<const S extends LibrarySignatures>(name: string, signatures: S): Library<S> {
  const symbols: Record<string, { returns: FFIType; args: FFIType[] }> = {};
  for (const [symbol, [returns, ...taken]] of Object.entries(signatures)) {
    const args: FFIType[] = [];
    for (const type of taken) args.push(types[type]);
    symbols[symbol] = { returns: types[returns], args };
  }
  errnoAddress ??= Number(
    dlopen("libc.so.6", { __errno_location: { returns: FFIType.ptr, args: [] } }).symbols.__errno_location(),
  );
  const address = errnoAddress as Parameters<typeof read.i32>[0];
  const loaded = dlopen(name, symbols).symbols as Record<string, (...args: unknown[]) => number | bigint | undefined>;
  const library: Record<string, (...args: CValue[]) => { value: number | bigint; errno: number }> = {};
  for (const symbol of Object.keys(signatures)) {
    const call = loaded[symbol];
    if (call === undefined) throw new Error(`${name} has no ${symbol}`);
    library[symbol] = (...args) => {
      for (const [i, arg] of args.entries()) if (typeof arg === "string") args[i] = Buffer.from(`${arg}\0`);
      const value = call(...args) ?? 0;
      return { value, errno: read.i32(address) };
    };
  }
  return library as Library<S>;
}
