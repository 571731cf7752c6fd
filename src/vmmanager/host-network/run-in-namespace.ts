import { runtime } from "#runtime";
import { failedPrecondition, notFound, ShimError } from "../../errors/shim-error.ts";
import { readAll } from "../../gcs/stdio/read-all.ts";
import { inNetworkNamespace } from "../../sys/network-namespace.ts";
import type { ChildProcess } from "../../sys/runtime.ts";
import { errorCode } from "../../sys/sys-error.ts";

const OUTPUT_LIMIT = 4 * 1024 * 1024;

export interface ProgramOptions {
  /** For its stdin; none: /dev/null. */
  readonly input?: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a program of this host in a network namespace to its end and answers its stdout. Throws not-found where the
 * namespace or what it names there is gone, failed-precondition where it is not installed, internal with its stderr else.
 */
export async function runInNamespace(
  namespace: string,
  argv: readonly string[],
  { input, signal }: ProgramOptions = {},
): Promise<string> {
  signal?.throwIfAborted();
  const child = inNamespace(namespace, () => start(argv, input !== undefined, signal));
  const [stdin, stdout, stderr] = child.pipes;
  if (input !== undefined && stdin !== undefined) {
    stdin.open({ data() {}, end() {}, drain() {}, close() {} });
    stdin.write(new TextEncoder().encode(input));
    stdin.end();
  }
  const read = (pipe: typeof stdout): Promise<string> | string => (pipe ? readAll(pipe, OUTPUT_LIMIT) : "");
  const [text, problem, { code }] = await Promise.all([read(stdout), read(stderr), child.exited]);
  signal?.throwIfAborted();
  if (code === 0) return text;
  const message = `${argv.join(" ")} in network namespace ${namespace} exited with ${code}: ${problem.trim()}`;
  throw GONE.test(problem) ? notFound(message) : new ShimError("internal", message);
}

/** `inNetworkNamespace`; a namespace that is gone, its mount or the whole path, is not-found. */
export function inNamespace<T>(namespace: string, work: () => T): T {
  let entered = false;
  try {
    return inNetworkNamespace(namespace, () => {
      entered = true;
      return work();
    });
  } catch (cause) {
    if (entered || !["ENOENT", "EINVAL"].includes(errorCode(cause) ?? "")) throw cause;
    throw notFound(
      `network namespace ${namespace} does not exist: CNI makes it before the pod's first container`,
      cause,
    );
  }
}

/** What `ip` and `tc` say of a link, a qdisc or a filter that is not there. */
const GONE = /Cannot find device|No such (device|file or directory)|Invalid handle|does not exist/i;

function start(argv: readonly string[], input: boolean, signal: AbortSignal | undefined): ChildProcess {
  try {
    return runtime.spawn(argv, { stdio: [input ? "pipe" : "null", "pipe", "pipe"], ...(signal && { signal }) });
  } catch (cause) {
    const what = `program "${argv[0]}" cannot be run on this host: ${String(cause)}`;
    throw failedPrecondition(`${what}; install it (Debian's iproute2)`, cause);
  }
}
