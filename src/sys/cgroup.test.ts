import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cgroupOf, locate, pidsIn, processDirectory } from "./cgroup.ts";
import { parseMountInfo } from "./mountinfo.ts";

const v1 = parseMountInfo(
  [
    "30 23 0:25 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd",
    "31 23 0:26 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct",
    "32 23 0:27 /outer /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
  ].join("\n"),
);
const v2 = parseMountInfo("33 23 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate");

describe("cgroups", () => {
  it("locates v1 directories, co-mounted controllers and partial mounts too", () => {
    const cgroup = locate("4:memory:/outer/pod:1\n3:cpu,cpuacct:/pod:1\n2:pids:/pod:1\n1:name=systemd:/pod:1\n", v1);
    assert.equal(cgroup.mode, "v1");
    assert.deepEqual(Object.fromEntries(cgroup.controllers), {
      memory: "/sys/fs/cgroup/memory/pod:1",
      cpu: "/sys/fs/cgroup/cpu,cpuacct/pod:1",
      cpuacct: "/sys/fs/cgroup/cpu,cpuacct/pod:1",
      "name=systemd": "/sys/fs/cgroup/systemd/pod:1",
    });
    assert.equal(processDirectory(cgroup), "/sys/fs/cgroup/memory/pod:1");
  });

  it("tells v2 and hybrid apart", () => {
    const pure = locate("0::/pod.slice/a\n", v2);
    assert.deepEqual([pure.mode, pure.unified], ["v2", "/sys/fs/cgroup/unified/pod.slice/a"]);
    assert.equal(processDirectory(pure), pure.unified);
    const hybrid = locate("3:cpu,cpuacct:/a\n1:name=systemd:/a\n0::/a\n", [...v1, ...v2]);
    assert.equal(hybrid.mode, "hybrid");
    assert.equal(processDirectory(hybrid), "/sys/fs/cgroup/cpu,cpuacct/a");
    // systemd's own v1 hierarchy carries no controller.
    assert.equal(locate("1:name=systemd:/a\n0::/a\n", [...v1, ...v2]).mode, "v2");
  });

  it("knows a v2 host by its mount, whatever v1 controller somebody has mounted beside it", () => {
    const mounts = parseMountInfo(
      [
        "34 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate",
        "35 23 0:29 / /run/vpn/net_cls rw - cgroup net_cls rw,net_cls",
      ].join("\n"),
    );
    const cgroup = locate("1:net_cls:/\n0::/pod/a\n", mounts);
    assert.equal(cgroup.mode, "v2");
    // The root of net_cls holds every process of the machine.
    assert.equal(processDirectory(cgroup), "/sys/fs/cgroup/pod/a");
  });

  it("finds this very process in its own cgroup", () => {
    const directory = processDirectory(cgroupOf("self"));
    assert.ok(directory !== undefined);
    assert.ok(pidsIn(directory).includes(process.pid));
  });

  it("counts a cgroup that is gone as empty", () => {
    assert.deepEqual(pidsIn("/sys/fs/cgroup/no/such/cgroup"), []);
  });
});
