import { type Check, failure, ok, warning } from "./check.ts";

const NEEDED = ["cpu", "memory", "pids"];

export const cgroup: Check = {
  name: "cgroup",
  async run({ host }) {
    const unified = host.read("/sys/fs/cgroup/cgroup.controllers")?.split(/\s+/);
    const has = (controller: string): boolean =>
      unified === undefined
        ? host.stat(`/sys/fs/cgroup/${controller}`)?.isDirectory === true
        : unified.includes(controller);
    const missing = NEEDED.filter((controller) => !has(controller));
    const version = unified === undefined ? "v1" : "v2";
    if (missing.length === NEEDED.length) {
      return [failure("no cgroups at /sys/fs/cgroup", "mount cgroup2 there: mount -t cgroup2 none /sys/fs/cgroup")];
    }
    if (missing.length === 0) return [ok(`cgroup ${version} with ${NEEDED.join(", ")}`)];
    return [
      warning(
        `cgroup ${version} without ${missing.join(", ")}: such limits of pods fail`,
        `turn the controllers on: ${missing.map((name) => `cgroup_enable=${name}`).join(" ")} on the kernel's command line`,
      ),
    ];
  },
};
