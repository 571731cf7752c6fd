import { loadLibrary } from "#load-library";
import type { Library, LibrarySignatures } from "./library.ts";

/** The C library's functions named by `signatures`, bound at the first call: what a program never calls costs it nothing. */
export function cLibrary<const S extends LibrarySignatures>(signatures: S): () => Library<S> {
  let library: Library<S> | undefined;
  return () => {
    library ??= loadLibrary("libc.so.6", signatures);
    return library;
  };
}
