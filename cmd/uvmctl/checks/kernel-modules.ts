import { type Check, type CheckContext, type Finding, failure, ok, warning } from "./check.ts";

/** By what they bring, not by name: they may be built in. */
export const kernelModules: Check = {
  name: "kernel modules",
  async run({ host, settings: { stack, qemu } }: CheckContext) {
    const device = (
      path: string,
      module: string,
      otherwise: (what: string, remedy: string) => Finding,
      loss: string,
    ) => (host.usable(path, "rw") ? ok(path) : otherwise(`${path} is not there: ${loss}`, `modprobe ${module}`));
    const findings: Finding[] = [];
    const fileSystems = host.read("/proc/filesystems") ?? "";
    findings.push(
      /\boverlay$/m.test(fileSystems)
        ? ok("overlay")
        : warning("no file system overlay: containerd's usual snapshotter needs it", "modprobe overlay"),
    );
    if (stack === "qemu" || stack === "remotevm")
      findings.push(device("/dev/net/tun", "tun", warning, "pods with a network namespace of their own fail"));
    if (stack === "qemu" && qemu.channel === "vsock")
      findings.push(device("/dev/vhost-vsock", "vhost_vsock", failure, "qemu.channel is vsock"));
    return findings;
  },
};
