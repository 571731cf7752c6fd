import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { ShimDiag } from "../../src/generated/containerd/runhcs/v1/diag.ts";
import { connect } from "../../src/ttrpc/socket.ts";
import { runOk } from "../../test/harness/command.ts";
import { socketPath } from "../../test/harness/leftovers.ts";
import type { Machine } from "../../test/harness/machine.ts";

/** Runs a script in a pod's VM, outside any container, and returns what it wrote to stdout. Throws where it fails. */
export async function inGuest(machine: Machine, pod: string, script: string): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "uvm-bench-"));
  const client = await connect(socketPath(machine.containerd.address, machine.namespace, pod));
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
