import { spawnSync } from "node:child_process";
import { closeSync, constants, createReadStream, createWriteStream, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { ShimError } from "../../src/errors/shim-error.ts";
import { ShimDiag } from "../../src/generated/containerd/runhcs/v1/diag.ts";
import type { Client } from "../../src/ttrpc/client.ts";

export interface ExecRequest {
  readonly args: string[];
  readonly workdir: string;
  readonly terminal: boolean;
  /** Our stdin is the process's. */
  readonly input: boolean;
}

/** Runs a process in the VM with our stdio, by FIFOs as containerd's clients make them; its exit code. */
export async function execInVm(client: Client, { args, workdir, terminal, input }: ExecRequest): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), "uvmctl-"));
  const made: string[] = [];
  const fifo = (name: string, wanted: boolean): string => {
    if (!wanted) return "";
    const path = join(directory, name);
    const { status, stderr } = spawnSync("mkfifo", ["-m", "600", path], { encoding: "utf8" });
    if (status !== 0) throw new ShimError("internal", `cannot make FIFO ${path}: ${stderr}`);
    made.push(path);
    return path;
  };
  const raw = terminal && input && process.stdin.isTTY;
  try {
    const stdin = fifo("stdin", input);
    const stdout = fifo("stdout", true);
    const stderr = fifo("stderr", !terminal);
    const copies = [
      pipeline(createReadStream(stdout), process.stdout, { end: false }),
      ...(terminal ? [] : [pipeline(createReadStream(stderr), process.stderr, { end: false })]),
    ];
    if (raw) process.stdin.setRawMode(true);
    // Not waited for: a process may end before its input does.
    if (input) pipeline(process.stdin, createWriteStream(stdin)).catch(() => undefined);
    const asked = { args, workdir, terminal, stdin, stdout, stderr };
    const { exitCode } = await client.service(ShimDiag).diagExecInHost(asked);
    await Promise.all(copies);
    return exitCode;
  } catch (error) {
    // Who opens a FIFO waits for the other end, which never came.
    for (const path of made) closeSync(openSync(path, constants.O_RDWR | constants.O_NONBLOCK));
    throw error;
  } finally {
    if (raw) process.stdin.setRawMode(false);
    process.stdin.unref?.();
    rmSync(directory, { recursive: true });
  }
}
