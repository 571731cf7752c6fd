import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { ShimDiag } from "../../src/generated/containerd/runhcs/v1/diag.ts";
import { connect } from "../../src/ttrpc/socket.ts";
import { runOk } from "../../test/harness/command.ts";

/** Runs a script in a pod's VM, outside any container, and returns what it wrote to stdout. Throws where it fails. */
export async function inGuest(socket: string, script: string): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "uvm-bench-"));
  const client = await connect(socket);
  try {
    const [stdout, stderr] = ["stdout", "stderr"].map((name) => join(directory, name)) as [string, string];
    await runOk(["mkfifo", stdout, stderr]);
    const output = Promise.all([text(createReadStream(stdout)), text(createReadStream(stderr))]);
    const { exitCode } = await client.service(ShimDiag).diagExecInHost({
      args: ["/bin/busybox", "sh", "-c", script],
      workdir: "/",
      terminal: false,
      stdin: "",
      stdout,
      stderr,
    });
    const [said, complaints] = await output;
    if (exitCode !== 0) throw new Error(`a script in the guest ended with ${exitCode}: ${complaints}`);
    return said;
  } finally {
    client.close();
    rmSync(directory, { recursive: true });
  }
}

/** Milliseconds of a command in the guest, by the guest's clock, which counts in hundredths of a second: of several runs. */
export async function timedInGuest(socket: string, command: string, times: number): Promise<number> {
  const loop = `i=0; while [ $i -lt ${times} ]; do ${command} >/dev/null || exit; i=$((i+1)); done`;
  const script = `read -r from rest </proc/uptime; ${loop}; read -r to rest </proc/uptime; echo $from $to`;
  const [from = Number.NaN, to = Number.NaN] = (await inGuest(socket, script)).trim().split(" ").map(Number);
  return ((to - from) * 1000) / times;
}
