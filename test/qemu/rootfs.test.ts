/** Root file systems and mounts of containers in a real VM. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import { createGuest } from "../../src/guestmanager/create-guest.ts";
import type { Spec, SpecMount } from "../../src/oci/spec.ts";
import { hostRootfs } from "../../src/orchestration/container/rootfs.ts";
import type { Mount } from "../../src/orchestration/events.ts";
import { PodController } from "../../src/orchestration/pod/controller.ts";
import { mountsUnder } from "../../src/sys/mountinfo.ts";
import { createQemuStack } from "../../src/vmmanager/stacks/qemu/stack.ts";
import type { UtilityVM } from "../../src/vmmanager/uvm.ts";
import { createRequest } from "../compliance/guest-stand-in.ts";
import { BUSYBOX, layBusybox } from "../harness/busybox.ts";
import { patientLimits } from "../harness/patient-limits.ts";
import { podPorts } from "../harness/pod-ports.ts";
import { until } from "../harness/until.ts";
import { notBootable } from "./uvm.ts";

const MKFS = "/usr/sbin/mkfs.ext4";

function notHere(): string | false {
  if (process.getuid?.() !== 0) return "wants root: it mounts, and QEMU is given a user of its own";
  if (!existsSync(BUSYBOX)) return `wants a static ${BUSYBOX} (Debian: busybox-static)`;
  if (!existsSync(MKFS)) return `wants ${MKFS} (Debian: e2fsprogs)`;
  return notBootable() ?? false;
}

const rpc = { signal: new AbortController().signal };
const mount = (type: string, source: string, options: string[]): Mount => ({ type, source, target: "", options });
const bind = (destination: string, source: string, mode: string): SpecMount => ({
  ...{ destination, type: "bind", source, options: ["rbind", "rprivate", mode] },
});

describe("root file systems in a VM", { skip: notHere(), timeout: 1_800_000 }, () => {
  let directory = "";
  let pod: PodController;
  let uvm: UtilityVM;
  const warnings: string[] = [];
  const at = (...names: string[]): string => join(directory, ...names);

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "uvm-rootfs-"));
    mkdirSync(at("state"), { mode: 0o700 });
    layBusybox(at("base"), ["sh", "cat", "echo", "grep", "sleep", "readlink", "hostname"]);
    writeFileSync(at("base", "which"), "base\n");
    const stack = createQemuStack({ image: resolve("out/uvm"), virtiofsd: "/usr/lib/qemu/virtiofsd" });
    pod = new PodController({
      ...{ id: "p1", namespace: "ns", stateDirectory: at("state") },
      stack: {
        ...stack,
        create: async (...asked) => {
          uvm = await stack.create(...asked);
          return uvm;
        },
      },
      createGuest: ({ sockets }) => createGuest({ sockets }),
      limits: patientLimits,
      ports: podPorts(
        () => {},
        (message, cause) => warnings.push(`${message}: ${cause}`),
      ),
    });
    // Keeps the VM for all the others.
    await start("keeper", [mount("bind", at("base"), ["rbind", "rw"])], "sleep 1000");
  });

  after(async () => {
    // A keeper that could not be made must not keep the VM.
    if (pod?.busy()) await end("keeper").catch((error) => warnings.push(String(error)));
    await pod?.close();
    assert.deepEqual(warnings, []);
    assert.deepEqual(mountsUnder(directory), []);
    rmSync(directory, { recursive: true });
  });

  async function start(
    id: string,
    rootfs: readonly Mount[],
    script: string,
    mounts: SpecMount[] = [],
    more: Partial<Spec> = {},
  ): Promise<void> {
    const bundle = at(id);
    mkdirSync(bundle);
    const spec = {
      ociVersion: "1.0.2",
      process: { cwd: "/", args: ["/bin/sh", "-c", script], env: ["PATH=/bin:/usr/bin"], user: { uid: 0, gid: 0 } },
      root: { path: "rootfs" },
      mounts: [
        { destination: "/proc", type: "proc", source: "proc" },
        { destination: "/dev", type: "tmpfs", source: "tmpfs" },
        ...mounts,
      ],
      linux: {
        cgroupsPath: `system.slice:uvm-test:${id}`,
        namespaces: ["pid", "mount", "ipc", "uts", "network"].map((type) => ({ type })),
      },
      ...more,
    };
    writeFileSync(join(bundle, "config.json"), JSON.stringify(spec));
    await pod.create(createRequest(id, { bundle, rootfs, stdout: `file://${at(`${id}.out`)}` }), rpc);
    await pod.start({ id, execId: "" }, rpc);
  }

  async function end(id: string): Promise<void> {
    const ref = { id, execId: "" };
    await pod.kill(ref, 9, true, rpc);
    await pod.wait(ref, rpc);
    await pod.delete(ref, rpc);
  }

  /** Its output's lines, once it has ended and is deleted. */
  async function run(...args: Parameters<typeof start>): Promise<string[]> {
    await start(...args);
    const ref = { id: args[0], execId: "" };
    const { exitStatus } = await pod.wait(ref, rpc);
    await pod.delete(ref, rpc);
    assert.deepEqual(mountsUnder(at(args[0])), [], "the host's mounts of the container");
    const lines = readFileSync(at(`${args[0]}.out`), "utf8")
      .trimEnd()
      .split("\n");
    assert.equal(exitStatus, 0, lines.join("\n"));
    return lines;
  }

  function image(name: string, content: string, megabytes = 16): string {
    writeFileSync(at(name), "");
    truncateSync(at(name), megabytes << 20);
    execFileSync(MKFS, ["-q", "-F", "-d", at(content), at(name)]);
    return at(name);
  }

  it("stands still while all its containers are paused, but for who asks the guest", async () => {
    const state = async () => (await uvm.properties()).state;
    await pod.pause("keeper", rpc);
    assert.equal(await state(), "paused");
    assert.equal(pod.state({ id: "keeper", execId: "" }).status, "paused");
    assert.ok((await pod.stats("keeper", rpc)).v2);
    // Not before it was looked at: the VM stands still again as soon as this one has ended.
    const untilTold = "until [ -e /go ]; do sleep 0.1; done; exit 3";
    await start("other", [mount("bind", at("base"), ["rbind", "rw"])], untilTold);
    assert.equal(await state(), "running");
    writeFileSync(at("base", "go"), "");
    assert.equal((await pod.wait({ id: "other", execId: "" }, rpc)).exitStatus, 3);
    await pod.delete({ id: "other", execId: "" }, rpc);
    await until("the VM stands still again", async () => (await state()) === "paused");
    await pod.resume("keeper", rpc);
    assert.equal(await state(), "running");
  });

  it("are an overlay of the host's by a share, and what is written is in the snapshot", async () => {
    for (const name of ["top", "upper", "work"]) mkdirSync(at(name));
    writeFileSync(at("top", "which"), "top\n");
    const options = [`lowerdir=${at("top")}:${at("base")}`, `upperdir=${at("upper")}`, `workdir=${at("work")}`];
    const script = "cat /which; grep -c ' / virtiofs rw' /proc/mounts; echo new >/written";
    assert.deepEqual(await run("overlay", [mount("overlay", "overlay", options)], script), ["top", "1"]);
    assert.equal(readFileSync(at("upper", "written"), "utf8"), "new\n");
  });

  it("are an image as a disk, without a mount on the host", async () => {
    mkdirSync(at("empty"));
    const disk = image("blockfile.img", "base");
    const script = "cat /which; grep -c '^/dev/sd. / ext4 rw' /proc/mounts; echo kept >/kept";
    assert.deepEqual(await run("disk", [mount("ext4", disk, ["loop", "rw"])], script), ["base", "1"]);
    const kept = execFileSync("/usr/sbin/debugfs", ["-R", "cat /kept", disk], { stdio: ["ignore", "pipe", "ignore"] });
    assert.equal(kept.toString(), "kept\n");
  });

  it("are erofs layers and a writable image under an overlay of the guest's", async () => {
    mkdirSync(at("layer"));
    writeFileSync(at("layer", "which"), "layer\n");
    const mounts = [
      mount("ext4", image("rw.img", "empty"), ["rw", "loop"]),
      mount("ext4", image("layer.img", "layer"), ["ro", "loop"]),
      mount("erofs", resolve("out/uvm/root.erofs"), ["ro", "loop"]),
      mount("format/mkdir/overlay", "overlay", [
        "X-containerd.mkdir.path={{ mount 0 }}/upper:0755",
        "X-containerd.mkdir.path={{ mount 0 }}/work:0755",
        "workdir={{ mount 0 }}/work",
        "upperdir={{ mount 0 }}/upper",
        "lowerdir={{ overlay 1 2 }}",
      ]),
    ];
    const script =
      "cat /which; cat /etc/hostname; echo new >/written && cat /written; grep -c ' / overlay rw' /proc/mounts";
    assert.deepEqual(await run("erofs", mounts, script), ["layer", "uvm", "new", "1"]);
  });

  it("have directories of the host, one of them both writable and read-only, and a file without its directory", async () => {
    mkdirSync(at("data"));
    writeFileSync(at("data", "file"), "content\n");
    writeFileSync(at("data", "beside"), "");
    const script = [
      ...["cat /w/file", "echo new >/w/new", "cat /r/new", "(echo no >/r/no) 2>/dev/null || echo read-only"],
      ...["cat /single", "(echo no >/single) 2>/dev/null || echo read-only"],
    ];
    const mounts = [
      bind("/w", at("data"), "rw"),
      bind("/r", at("data"), "ro"),
      bind("/single", at("data", "file"), "ro"),
    ];
    const rootfs = [mount("ext4", image("binds.img", "base"), ["loop", "rw"])];
    const lines = await run("binds", rootfs, script.join("; "), mounts);
    assert.deepEqual(lines, ["content", "new", "read-only", "content", "read-only"]);
    assert.deepEqual(readdirSync(at("data")).sort(), ["beside", "file", "new"]);
  });

  it("are beside the shared memory and in the namespaces of their pod's sandbox, whose paths on the host are QEMU's", async () => {
    mkdirSync(at("shm"));
    await hostRootfs.mount([mount("tmpfs", "shm", ["size=1m"])], at("shm"));
    try {
      const shm = [bind("/dev/shm", at("shm"), "rw")];
      const rootfs = [mount("bind", at("base"), ["rbind", "ro"])];
      const role = (type: string): Partial<Spec> => ({
        annotations: { "io.kubernetes.cri.container-type": type, "io.kubernetes.cri.sandbox-id": "sandbox" },
      });
      await start("sandbox", rootfs, "echo shared >/dev/shm/file; sleep 1000", shm, {
        ...role("sandbox"),
        hostname: "pod",
      });
      const { pid } = pod.state({ id: "sandbox", execId: "" });
      const joined = ["pid", "ipc", "uts", "network"].map((type) => ({ type, path: `/proc/${pid}/ns/${type}` }));
      const linux = { namespaces: [...joined, { type: "mount" }] };
      const written = "until [ -s /dev/shm/file ]; do sleep 0.1; done";
      const script = `${written}; cat /dev/shm/file; hostname; grep -c sleep /proc/1/cmdline; grep ' /dev/shm ' /proc/mounts`;
      const lines = await run("workload", rootfs, script, shm, { ...role("container"), linux });
      assert.deepEqual(lines.slice(0, 3), ["shared", "pod", "1"]);
      assert.match(lines[3] ?? "", /^shm \/dev\/shm tmpfs .*size=1024k/);
      await end("sandbox");
      assert.deepEqual(readdirSync(at("shm")), []);
    } finally {
      await hostRootfs.unmount(at("shm"));
    }
  });

  // The last one: it ends the pod.
  it("are in the namespaces that the guest keeps for a pod without a sandbox container", async () => {
    const config = {
      hostname: "web",
      dns: { servers: [], searches: [], options: [] },
      cgroupParent: "",
      sysctls: { "kernel.shmmax": "4242" },
    };
    const sandbox = { id: "p1", bundle: at("none"), networkNamespace: "", annotations: {}, config };
    const { pid } = await pod.hold(sandbox, () => warnings.push("lost"));
    assert.equal(pid, uvm.hostPid(0));
    const rootfs = [mount("bind", at("base"), ["rbind", "ro"])];
    const shm = [{ destination: "/dev/shm", type: "tmpfs", source: "shm", options: ["size=64k", "mode=1777"] }];
    const shared = ["pid", "ipc", "uts", "network"].map((type) => ({ type, path: `/proc/${pid}/ns/${type}` }));
    const member = { linux: { namespaces: [...shared, { type: "mount" }] } };
    await run("first", rootfs, "echo shared >/dev/shm/file", shm, member);
    await start("server", rootfs, "exec sleep 1000", shm, member);
    const script = [
      "cat /dev/shm/file 2>/dev/null || echo nothing",
      "hostname",
      "grep -x 4242 /proc/sys/kernel/shmmax || echo default",
      "grep -l '[1]000' /proc/[0-9]*/cmdline | grep -c .",
    ].join("; ");
    assert.deepEqual(await run("second", rootfs, script, shm, member), ["shared", "web", "4242", "1"]);
    assert.deepEqual(await run("stranger", rootfs, `${script} || true`, shm), ["nothing", "uvm", "default", "0"]);
    const { v2 } = (await pod.metrics(rpc)) as { v2: { cpu: { usage_usec: bigint }; memory: { usage: bigint } } };
    assert.ok(v2.cpu.usage_usec > 0n && v2.memory.usage > 0n);
    for (const id of ["server", "keeper"]) await end(id);
    assert.ok(pod.busy());
    await pod.letGo();
    assert.equal(pod.busy(), false);
  });
});
