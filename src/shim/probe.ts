import { statSync } from "node:fs";
import type { Runtime } from "../sys/runtime.ts";
import { errorCode } from "../sys/sys-error.ts";

/** Reference: containerd-shim, 1.8. */
const PROBE_MS = 100;

/**
 * False only where the kernel says that nobody listens. It answers a connect by itself, at once: a probe that is late is
 * late because this host or this process is, and taking that for a dead daemon once gave a pod two.
 */
export async function isServed(runtime: Pick<Runtime, "connect">, path: string): Promise<boolean> {
  // At nearly every start, without a connection and its time-out. A Windows pipe can't be asked for but by dialling it.
  if (path.startsWith("/") && isMissing(path)) return false;
  const late = new AbortController();
  // An answer that is there counts before the time does, should this process have stood still meanwhile.
  const timer = setTimeout(() => setImmediate(() => late.abort()), PROBE_MS);
  try {
    const stream = await runtime.connect(path, { signal: late.signal });
    stream.open({ data: () => undefined, end: () => undefined, drain: () => undefined, close: () => undefined });
    stream.destroy();
    return true;
  } catch (error) {
    return !["ECONNREFUSED", "ENOENT"].includes(errorCode(error) ?? "");
  } finally {
    clearTimeout(timer);
  }
}

function isMissing(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    // The connect tells what it is.
    return false;
  }
}
