/**
 * The least that a container in a VM takes, cold: a bare QEMU with the same kernel, modules and root disk, in which nothing
 * runs but a shell and then, for the first time, `runc run`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../test/harness/until.ts";
import { BootedUvm } from "../../test/qemu/uvm.ts";
import { bareMachine, IMAGE } from "./bare-vm.ts";

const BOOT_MS = 120_000;

const SPEC = JSON.stringify({
  ociVersion: "1.0.2",
  process: { cwd: "/", args: ["/bin/busybox", "echo", "bare: hello"], user: { uid: 0, gid: 0 } },
  root: { path: "rootfs" },
  mounts: [
    { destination: "/proc", type: "proc", source: "proc" },
    { destination: "/dev", type: "tmpfs", source: "tmpfs" },
  ],
  linux: { namespaces: ["pid", "ipc", "uts", "mount"].map((type) => ({ type })) },
});

const INIT = `#!/bin/busybox sh
b=/bin/busybox
$b echo "bare: first"
$b mount -t proc proc /proc
$b mount -t devtmpfs devtmpfs /dev
while read -r module; do $b insmod "/modules/$module"; done </modules/order
$b mount -t erofs -o ro /dev/vda /root
$b mount -o move /proc /root/proc
$b mount -o move /dev /root/dev
$b mount -t sysfs sysfs /root/sys
$b mount -t cgroup2 cgroup2 /root/sys/fs/cgroup
$b mount -t tmpfs tmpfs /root/run
$b mkdir -p /root/run/bench/rootfs/bin /root/run/bench/rootfs/proc /root/run/bench/rootfs/dev
$b cp $b /root/run/bench/rootfs/bin
$b echo '${SPEC}' >/root/run/bench/config.json
export PATH=/usr/sbin:/usr/bin
exec $b switch_root /root $b sh -c 'echo "bare: runc"; runc run --bundle /run/bench bench; sleep 1000'
`;

export interface BareContainer {
  /** Milliseconds from the spawn of QEMU to the first user process. */
  readonly toUser: number;
  /** Milliseconds of `runc run`, to the container's output. */
  readonly runc: number;
}

export async function timeBareContainer(): Promise<BareContainer> {
  const directory = mkdtempSync(join(tmpdir(), "uvm-bench-"));
  const uvm = new BootedUvm(IMAGE, bareMachine(directory, INIT));
  try {
    const [hello, runc, toUser] = [
      await until("the bare VM's container", () => uvm.at("bare: hello"), BOOT_MS),
      uvm.at("bare: runc") ?? Number.NaN,
      uvm.at("bare: first") ?? Number.NaN,
    ];
    return { toUser, runc: hello - runc };
  } catch (error) {
    throw new Error(`no container in the bare VM: ${uvm.transcript().slice(-2000)}`, { cause: error });
  } finally {
    await uvm.dispose();
    rmSync(directory, { recursive: true });
  }
}
