import { runtime } from "#runtime";
import { failedPrecondition, ShimError } from "../errors/shim-error.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import type { ChildProcess } from "../sys/runtime.ts";
import { readAll } from "./stdio/read-all.ts";

/**
 * Runs a program of the guest (mkfs, ip, modprobe) to its end, with `input` on its stdin. Throws internal with its stderr
 * unless it exits with 0, failed-precondition where it is not installed.
 */
export async function runProgram(argv: readonly string[], options: { readonly input?: string } = {}): Promise<void> {
  const { input } = options;
  const [program = ""] = argv;
  let child: ChildProcess;
  try {
    child = runtime.spawn(argv, { stdio: [input === undefined ? "null" : "pipe", "null", "pipe"] });
  } catch (error) {
    throw failedPrecondition(`program "${program}" cannot be run in this guest: ${String(error)}; install it`, error);
  }
  const [stdin, , errors] = child.pipes;
  if (input !== undefined && stdin !== undefined) feed(stdin, input);
  const stderr = errors === undefined ? "" : await readAll(errors, 64 * 1024);
  const { code } = await child.exited;
  if (code !== 0) {
    const given = input === undefined ? "" : ` (${input.trim().replaceAll("\n", "; ")})`;
    throw new ShimError("internal", `${argv.join(" ")}${given} exited with ${code}: ${stderr.trim()}`);
  }
}

/** A program that ends before it has read all says why by its exit code. */
function feed(stdin: ByteStream, input: string): void {
  stdin.open({ data() {}, end() {}, drain() {}, close() {} });
  stdin.write(Buffer.from(input));
  stdin.end();
}
