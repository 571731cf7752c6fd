import { loadLibrary } from "#load-library";
import type { CValue, Library, LibrarySignatures } from "./library.ts";

/**
 * The C library's functions named by `signatures`, each bound at its first call: what a program never calls costs it
 * nothing, and in Bun each binding is compiled.
 */
export function cLibrary<const S extends LibrarySignatures>(signatures: S): () => Library<S> {
  let library: Library<S> | undefined;
  return () => {
    library ??= boundLate(signatures);
    return library;
  };
}

function boundLate<const S extends LibrarySignatures>(signatures: S): Library<S> {
  const library: Record<string, Library<LibrarySignatures>[string]> = {};
  for (const [symbol, signature] of Object.entries(signatures)) {
    library[symbol] = (...args: CValue[]) => {
      const bound = loadLibrary("libc.so.6", { [symbol]: signature })[symbol];
      if (bound === undefined) throw new Error(`libc.so.6 has no ${symbol}`);
      library[symbol] = bound;
      return bound(...args);
    };
  }
  return library as Library<S>;
}
