/**
 * `make trace`: one pod's life as a trace for Perfetto and a picture of its stages, in a directory; a private containerd and
 * an image of this host's busybox, as `make demo` has them. `trace.ts STACK DIRECTORY`.
 */
import { runOk } from "../test/harness/command.ts";
import { imageName } from "../test/harness/image.ts";
import { Machine } from "../test/harness/machine.ts";
import { runtimeUnderTest, shimDirectory } from "../test/harness/runtime-under-test.ts";

const [stack = "qemu", directory = "out/trace"] = process.argv.slice(2);
const machine = await Machine.start({ runtime: runtimeUnderTest("io.containerd.uvm.v1", stack) });
try {
  const { containerd, namespace } = machine;
  const { stdout, stderr } = await runOk([
    ...[`${shimDirectory}/uvmctl`, "trace", "--out", directory, "--config", machine.file("runtime.toml")],
    ...["--ctr", containerd.ctr, "--address", containerd.address, "--namespace", namespace],
    ...["--ctr-flag=--fifo-dir", `--ctr-flag=${machine.file("fifo")}`],
    ...[imageName, "sh", "-c", "echo hello from $(uname -sr)"],
  ]);
  process.stdout.write(`${stdout}${stderr}`);
} finally {
  await machine.close();
}
