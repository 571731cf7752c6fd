/** C calls in Node: koffi. */
import type { CType, CValue, Library, LibrarySignatures } from "./library.ts";
import { loadKoffi } from "./load-koffi.ts";

/** The part of koffi that is used; it is loaded with the first library, its own types would load it at once. */
interface Koffi {
  load(name: string): { func(name: string, returns: string, args: string[]): (...args: CValue[]) => unknown };
  errno(): number;
}

const types: Readonly<Record<CType, string>> = {
  void: "void",
  int: "int",
  uint: "uint",
  i64: "int64",
  u64: "uint64",
  cstring: "str",
  buffer: "void *",
  pointer: "uintptr_t",
};

export function loadLibrary<const S extends LibrarySignatures>(name: string, signatures: S): Library<S> {
  const koffi = loadKoffi() as Koffi;
  const loaded = koffi.load(name);
  const library: Record<string, (...args: CValue[]) => { value: number | bigint; errno: number }> = {};
  for (const [symbol, [returns, ...args]] of Object.entries(signatures)) {
    const call = loaded.func(
      symbol,
      // A returned string or buffer is an address: who owns it is the caller's knowledge.
      returns === "cstring" || returns === "buffer" ? types.pointer : types[returns],
      args.map((type) => types[type]),
    );
    library[symbol] = (...values) => {
      // koffi takes no null for an integer type.
      for (const [i, type] of args.entries()) if (type === "pointer") values[i] ??= 0;
      const value = call(...values);
      const errno = koffi.errno();
      return { value: typeof value === "number" || typeof value === "bigint" ? value : 0, errno };
    };
  }
  return library as Library<S>;
}
