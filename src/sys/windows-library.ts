import { unimplemented } from "../errors/shim-error.ts";
import type { Library, LibrarySignatures } from "./library.ts";

/**
 * C libraries as Linux has them are not here: what asks for one is code that has no business on Windows, and is told so. DLLs are
 * called by windows/ffi.ts.
 */
export function loadLibrary<const S extends LibrarySignatures>(name: string, signatures: S): Library<S> {
  throw unimplemented(`${name} is not on Windows; cannot call ${Object.keys(signatures).join(", ")}`);
}
