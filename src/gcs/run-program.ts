import { runtime } from "#runtime";
import { failedPrecondition, ShimError } from "../errors/shim-error.ts";
import type { ChildProcess } from "../sys/runtime.ts";
import { readAll } from "./stdio/read-all.ts";

/**
 * Runs a program of the guest (mkfs, ip, nsenter) to its end. Throws internal with its stderr unless it exits with 0,
 * failed-precondition where it is not installed.
 */
export async function runProgram(argv: readonly string[]): Promise<void> {
  const [program = ""] = argv;
  let child: ChildProcess;
  try {
    child = runtime.spawn(argv, { stdio: ["null", "null", "pipe"] });
  } catch (error) {
    throw failedPrecondition(`program "${program}" cannot be run in this guest: ${String(error)}; install it`, error);
  }
  const stderr = child.pipes[2] === undefined ? "" : await readAll(child.pipes[2], 64 * 1024);
  const { code } = await child.exited;
  if (code !== 0) throw new ShimError("internal", `${argv.join(" ")} exited with ${code}: ${stderr.trim()}`);
}
