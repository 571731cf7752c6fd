/** koffi, for whoever makes C calls in Node: loaded with the first of them. */
import { createRequire } from "node:module";

let loaded: unknown;

/** The module, which the callers know by the part that they use: its own types would load it at once. */
export function loadKoffi(): unknown {
  if (loaded === undefined) {
    const koffi = createRequire(import.meta.url)("koffi") as { config(settings: { max_async_calls: number }): unknown };
    // More callbacks on foreign threads at once end the process, at 256 by itself. Refused once a library is loaded.
    koffi.config({ max_async_calls: 2048 });
    loaded = koffi;
  }
  return loaded;
}
