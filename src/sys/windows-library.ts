import { unimplemented } from "../errors/shim-error.ts";
import type { Library, LibrarySignatures } from "./library.ts";
import { loadLibrary as loadByNode } from "./node-library.ts";

/** C calls on Windows: DLLs alone. What asks for Linux's C library is code that has no business here, and is told so. */
export function loadLibrary<const S extends LibrarySignatures>(name: string, signatures: S): Library<S> {
  if (/\.so(\.\d+)*$/.test(name)) {
    throw unimplemented(`${name} is not on Windows; cannot call ${Object.keys(signatures).join(", ")}`);
  }
  return loadByNode(name, signatures);
}
