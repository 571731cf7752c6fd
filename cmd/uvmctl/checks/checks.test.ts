import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { run } from "../program.ts";
import { checks, type NamedFinding, runChecks } from "./all.ts";
import { type CheckedHost, versionIn } from "./check.ts";

interface World {
  /** Text of each file that can be read, "" for those that are only there. */
  files: Record<string, string>;
  /** Mode of each directory; all root's. */
  directories: Record<string, number>;
  versions: Record<string, string>;
  uid: number;
  platform: string;
  arch: string;
}

const image = ["manifest.json", "vmlinuz", "initrd.cpio", "root.erofs"].map(
  (name) => `/usr/local/lib/uvm-shim/${name}`,
);

/** A host on which all is well, for the stacks local and qemu. */
function goodWorld(): World {
  const programs = ["containerd", "containerd-shim-uvm-v1", "runc", "qemu-system-x86_64", "setpriv"].map(
    (name) => `/usr/bin/${name}`,
  );
  const there = ["/usr/lib/qemu/virtiofsd", "/dev/kvm", "/dev/net/tun", "/run/containerd/containerd.sock"];
  return {
    files: {
      ...Object.fromEntries([...programs, ...there, ...image].map((path) => [path, ""])),
      "/proc/cpuinfo": "flags\t\t: fpu vmx\n",
      "/proc/filesystems": "nodev\tsysfs\nnodev\toverlay\n",
      "/sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids\n",
    },
    directories: { "/": 0o755, "/run": 0o755, "/run/containerd": 0o711 },
    versions: {
      "/usr/bin/containerd": "containerd github.com/containerd/containerd/v2 v2.0.1 abc\n",
      "/usr/bin/runc": "runc version 1.1.5+ds1\n",
      "/usr/bin/qemu-system-x86_64": "QEMU emulator version 7.2.22 (Debian 1:7.2)\n",
    },
    ...{ uid: 0, platform: "linux", arch: "x64" },
  };
}

function hostOf({ files, directories, versions, ...facts }: World): CheckedHost {
  return {
    ...{ ...facts, program: "/usr/local/lib/uvm-shim/containerd-shim-uvm-v1", path: "/bin:/usr/bin" },
    read: (path) => files[path],
    usable: (path) => files[path] !== undefined || directories[path] !== undefined,
    stat: (path) => {
      const mode = directories[path];
      if (mode !== undefined) return { isDirectory: true, uid: 0, mode };
      return files[path] === undefined ? undefined : { isDirectory: false, uid: 0, mode: 0o644 };
    },
    run: async ([program = ""]) => versions[program],
  };
}

let directory = "";
before(() => {
  directory = mkdtempSync(join(tmpdir(), "uvmctl-check-"));
});
after(() => rmSync(directory, { recursive: true }));

/** What is found in a world made worse, by the configuration. */
async function findings(
  worsen: (world: World) => void = () => {},
  config = 'stack = "qemu"\n',
): Promise<NamedFinding[]> {
  const world = goodWorld();
  worsen(world);
  const path = join(directory, "config.toml");
  writeFileSync(path, config);
  return await runChecks({ host: hostOf(world), address: "/run/containerd/containerd.sock", config: path });
}

const without =
  (...paths: string[]) =>
  (world: World) => {
    for (const path of paths) delete world.files[path];
  };

describe("uvmctl check", () => {
  it("finds nothing wrong where all is well", async () => {
    for (const config of ['stack = "qemu"\n', 'stack = "local"\n', '[qemu]\naccel = "tcg"\n']) {
      const found = await findings(undefined, config);
      assert.deepEqual(
        found.filter(({ verdict }) => verdict !== "ok"),
        [],
      );
      assert.ok(found.length >= 9, config);
    }
  });

  const local = 'stack = "local"\n';
  for (const [name, check, verdict, worsen, what, config] of [
    [
      "a key that is wrong",
      "configuration",
      "failure",
      undefined,
      /config\.toml:2: unknown key qemu\.acel: did you mean qemu\.accel\?/,
      "[qemu]\nacel = 1\n",
    ],
    ["a stack of Windows", "platform", "failure", undefined, /hcs runs on Windows/, 'stack = "hcs"\n'],
    ["another processor", "platform", "failure", (world: World) => (world.arch = "arm64"), /linux on arm64/],
    ["a user who is not root", "permissions", "failure", (world: World) => (world.uid = 1000), /uid 1000/],
    [
      "a directory that all may change",
      "permissions",
      "failure",
      (world: World) => (world.directories["/run"] = 0o777),
      /run_directory \/run\/uvm-shim, below \/run,/,
    ],
    [
      "a file in a directory's place",
      "permissions",
      "failure",
      (world: World) => (world.files["/run/uvm-shim"] = "x"),
      /is no directory/,
    ],
    ["no cgroups", "cgroup", "failure", without("/sys/fs/cgroup/cgroup.controllers"), /no cgroups/],
    [
      "a controller that is off",
      "cgroup",
      "warning",
      (world: World) => (world.files["/sys/fs/cgroup/cgroup.controllers"] = "cpu pids"),
      /v2 without memory/,
    ],
    [
      "no overlay",
      "kernel modules",
      "warning",
      (world: World) => (world.files["/proc/filesystems"] = "ext4"),
      /overlay/,
    ],
    ["no tap devices", "kernel modules", "warning", without("/dev/net/tun"), /tun/],
    ["no vsock", "kernel modules", "failure", undefined, /vhost-vsock/, '[qemu]\nchannel = "vsock"\n'],
    ["no containerd", "containerd", "failure", without("/usr/bin/containerd"), /not on PATH/],
    [
      "an old containerd",
      "containerd",
      "failure",
      (world: World) => (world.versions["/usr/bin/containerd"] = "containerd 1.5.9"),
      /1\.5\.9/,
    ],
    ["a containerd that is down", "containerd", "warning", without("/run/containerd/containerd.sock"), /socket/],
    [
      "a shim that containerd does not find",
      "containerd",
      "failure",
      without("/usr/bin/containerd-shim-uvm-v1"),
      /uvm-v1 is not on PATH/,
    ],
    ["no runc", "runc", "failure", without("/usr/bin/runc"), /runc\.binary runc is not there/, local],
    [
      "a runc that does not run",
      "runc",
      "failure",
      (world: World) => delete world.versions["/usr/bin/runc"],
      /does not run/,
      local,
    ],
    [
      "an old runc",
      "runc",
      "failure",
      (world: World) => (world.versions["/usr/bin/runc"] = "runc version 1.0.3"),
      /1\.0\.3/,
      local,
    ],
    ["no KVM", "hypervisor", "warning", without("/dev/kvm"), /software emulation/],
    [
      "no KVM where it is wanted",
      "hypervisor",
      "failure",
      without("/dev/kvm"),
      /accel is kvm/,
      '[qemu]\naccel = "kvm"\n',
    ],
    ["no QEMU", "qemu", "failure", without("/usr/bin/qemu-system-x86_64"), /qemu\.binary/],
    [
      "an old QEMU",
      "qemu",
      "warning",
      (world: World) => (world.versions["/usr/bin/qemu-system-x86_64"] = "version 6.2.0"),
      /6\.2\.0/,
    ],
    ["no virtiofsd", "qemu", "failure", without("/usr/lib/qemu/virtiofsd"), /virtiofsd/],
    ["no image", "image", "failure", without(...image), /\/usr\/local\/lib\/uvm-shim or \/usr\/local\/lib\/uvm/],
    ["half an image", "image", "failure", without(image[1] ?? ""), /has no vmlinuz/],
    [
      "no VM service",
      "vm service",
      "failure",
      undefined,
      /remotevm\.service/,
      'stack = "remotevm"\n[remotevm]\nservice = "none"\n',
    ],
  ] as const) {
    it(`finds ${name}, and says how to mend it`, async () => {
      const found = (await findings(worsen, config)).filter((finding) => finding.verdict !== "ok");
      const own = found.find((finding) => finding.check === check && what.test(finding.what));
      assert.equal(own?.verdict, verdict, JSON.stringify(found));
      assert.ok((own.remedy ?? "").length > 10);
    });
  }

  it("has a name for each check, and asks nothing of what another stack needs", async () => {
    assert.equal(new Set(checks.map(({ name }) => name)).size, checks.length);
    const names = new Set((await findings(undefined, local)).map(({ check }) => check));
    for (const name of ["hypervisor", "qemu", "image", "vm service"]) assert.ok(!names.has(name), name);
  });

  it("ends with 1 where something is wrong, on this host too, with the remedy", async () => {
    const [stdout, stderr]: [string[], string[]] = [[], []];
    const session = {
      out: (text: string) => void stdout.push(text),
      err: (text: string) => void stderr.push(text),
      progress: false,
    };
    const config = join(directory, "wrong.toml");
    writeFileSync(config, 'stak = "local"\n');
    assert.equal(await run(["check", "--config", config], { ...session, exitCode: 0 }), 1);
    assert.match(
      stdout.join(""),
      /^configuration +failure +config .*wrong\.toml:1: unknown key stak: did you mean stack\?$/m,
    );
    assert.match(stderr.join(""), /failure: configuration: .*\n {2}to mend it: correct /);
  });
});

describe("a version", () => {
  it("is the first of a text, and compared by its numbers", () => {
    assert.deepEqual(versionIn("runc version 1.10.0", [1, 9]), { version: "1.10.0", isEnough: true });
    assert.deepEqual(versionIn("x 1.9", [1, 10]), { version: "1.9", isEnough: false });
    assert.equal(versionIn("none", [1, 0]), undefined);
  });
});
