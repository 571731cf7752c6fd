import { runtime } from "#runtime";
import { failedPrecondition, ShimError } from "../errors/shim-error.ts";
import { readAll } from "../gcs/stdio/read-all.ts";
import type { Hook } from "../oci/hooks.ts";
import type { ChildProcess } from "../sys/runtime.ts";

/** The state that a hook gets on its stdin (runtime.md of the OCI runtime spec). */
export interface HookState {
  readonly ociVersion: string;
  readonly id: string;
  readonly status: "creating" | "created" | "running" | "stopped";
  /** 0: none any more. */
  readonly pid: number;
  readonly bundle: string;
  readonly annotations: Readonly<Record<string, string>>;
}

const DEFAULT_TIMEOUT_S = 60;
const OUTPUT_LIMIT = 64 * 1024;

/**
 * Runs a hook on this host to its end, in the bundle. Throws deadline-exceeded after its time, failed-precondition where
 * it cannot be started, internal with its output where it exits with anything but 0.
 */
export async function runHook(hook: Hook, state: HookState): Promise<void> {
  const { path, args = [path], env, timeout = DEFAULT_TIMEOUT_S } = hook;
  const child = start(path, args.slice(1), state.bundle, env);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill(9);
  }, timeout * 1000);
  try {
    const [stdin, stdout, stderr] = child.pipes;
    // One that ends without reading it closes it under us.
    stdin?.open({ data() {}, end() {}, drain() {}, close() {} });
    stdin?.write(new TextEncoder().encode(JSON.stringify(state)));
    stdin?.end();
    const read = (pipe: typeof stdout): Promise<string> | string => (pipe ? readAll(pipe, OUTPUT_LIMIT) : "");
    const outputs = Promise.all([read(stdout), read(stderr)]);
    const { code } = await child.exited;
    if (late)
      throw new ShimError("deadline-exceeded", `hook ${path} did not finish in ${Math.round(timeout * 1000) / 1000} s`);
    if (code === 0) return;
    const output = (await outputs).map((text) => text.trim()).filter((text) => text !== "");
    throw new ShimError("internal", `hook ${path} exited with ${code}: ${output.join("; ")}`);
  } finally {
    clearTimeout(timer);
    // What it left in the background may hold them for ever.
    for (const pipe of child.pipes) pipe?.destroy();
  }
}

function start(path: string, args: readonly string[], cwd: string, env: Hook["env"]): ChildProcess {
  const variables = env?.map((each): [string, string] => {
    const at = each.indexOf("=");
    return at < 0 ? [each, ""] : [each.slice(0, at), each.slice(at + 1)];
  });
  try {
    return runtime.spawn([path, ...args], {
      cwd,
      stdio: ["pipe", "pipe", "pipe"],
      ...(variables && { env: Object.fromEntries(variables) }),
    });
  } catch (cause) {
    throw failedPrecondition(`hook ${path} cannot be run: ${String(cause)}`, cause);
  }
}
