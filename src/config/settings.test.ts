import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type ErrorKind, ShimError } from "../errors/shim-error.ts";
import { resolveSettings } from "./settings.ts";

const qemu = {
  ...{ binary: "qemu-system-x86_64", virtiofsd: "/usr/lib/qemu/virtiofsd", accel: "auto", channel: "auto" },
  ...{ processors: 1, maxProcessors: 4, memoryMiB: 256, maxMemoryMiB: 4096 },
  ...{ template: false, templateDirectory: "/var/lib/uvm-shim/templates" },
};

const remotevm = {
  ...{ service: "uvm-vmservice", arguments: [], annotations: false, kernelArguments: [] },
  ...{ processors: 1, memoryMiB: 256 },
};

let dir = "";
let none = "";
before(() => {
  dir = mkdtempSync(join(tmpdir(), "config-test-"));
  none = join(dir, "none.toml");
});
after(() => rmSync(dir, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

/** Of each key of a plain document. */
function linesOf(text: string): Record<string, string> {
  let table = "";
  const places: Record<string, string> = {};
  for (const [index, line] of text.split("\n").entries()) {
    table = /^ *\[(\w+)\]/.exec(line)?.[1]?.concat(".") ?? table;
    const key = /^ *(\w+) =/.exec(line)?.[1];
    if (key !== undefined) places[table + key] = `runtime options:${index + 1}`;
  }
  return places;
}

async function fails(settings: Promise<unknown>, kind: ErrorKind, message: RegExp): Promise<void> {
  await assert.rejects(settings, (error) => {
    assert.ok(error instanceof ShimError);
    assert.equal(error.kind, kind);
    assert.match(error.message, message);
    assert.ok(!error.message.includes("\n"), "one line");
    return true;
  });
}

describe("resolveSettings", () => {
  it("has defaults for all, with a VM stack", async () => {
    assert.deepEqual(await resolveSettings({ defaultPath: none }), {
      stack: "qemu",
      spareDaemons: 0,
      spareIdleSeconds: 600,
      runDirectory: "/run/uvm-shim",
      socketDirectory: "/run/containerd/s",
      runc: { binary: "runc", systemdCgroup: false },
      qemu,
      remotevm,
      source: "defaults",
      origins: {},
    });
  });

  it("reads every key", async () => {
    const configBody = `
      stack = "local"
      log_level = "debug"
      run_directory = "/x/run"
      socket_directory = "/x/s"
      trace_directory = "/x/t"
      spare_daemons = 2
      spare_idle_seconds = 60
      [runc]
      binary = "/opt/runc"
      systemd_cgroup = true
      [qemu]
      binary = "/opt/qemu"
      virtiofsd = "/opt/virtiofsd"
      image = "/opt/image"
      accel = "tcg"
      channel = "vsock"
      processors = 8
      max_processors = 2
      memory_mib = 512
      max_memory_mib = 1024
      kernel_arguments = "debug"
      template = true
      template_directory = "/x/templates"
      [remotevm]
      service = "/opt/openvmm"
      arguments = "--single-process  -x"
      address = "/run/vm.sock"
      annotations = true
      image = "/opt/image2"
      kernel = "/opt/vmlinux"
      initrd = "/opt/initrd"
      root = "/opt/root"
      kernel_arguments = "quiet debug"
      processors = 3
      memory_mib = 300
    `;
    assert.deepEqual(await resolveSettings({ configBody, defaultPath: none }), {
      stack: "local",
      logLevel: "debug",
      spareDaemons: 2,
      spareIdleSeconds: 60,
      runDirectory: "/x/run",
      socketDirectory: "/x/s",
      traceDirectory: "/x/t",
      runc: { binary: "/opt/runc", systemdCgroup: true },
      qemu: {
        ...{ binary: "/opt/qemu", virtiofsd: "/opt/virtiofsd", image: "/opt/image", accel: "tcg", channel: "vsock" },
        ...{ processors: 8, maxProcessors: 8, memoryMiB: 512, maxMemoryMiB: 1024, kernelArguments: "debug" },
        ...{ template: true, templateDirectory: "/x/templates" },
      },
      remotevm: {
        ...{ service: "/opt/openvmm", arguments: ["--single-process", "-x"], address: "/run/vm.sock" },
        ...{ annotations: true, image: "/opt/image2", kernel: "/opt/vmlinux", initrd: "/opt/initrd" },
        ...{ root: "/opt/root", kernelArguments: ["quiet", "debug"], processors: 3, memoryMiB: 300 },
      },
      source: "runtime options",
      origins: linesOf(configBody),
    });
  });

  it("takes the named file before the body, the body before the host's file, and merges none", async () => {
    const defaultPath = file("host.toml", 'stack = "local"\nlog_level = "warn"\n');
    const configPath = file("named.toml", 'stack = "hcs"\n');
    const configBody = 'stack = "remotevm"\n';
    assert.equal((await resolveSettings({ configPath, configBody, defaultPath })).stack, "hcs");
    const body = await resolveSettings({ configPath: "", configBody, defaultPath });
    assert.deepEqual([body.stack, body.logLevel], ["remotevm", undefined]);
    const host = await resolveSettings({ configBody: "\n", defaultPath });
    assert.deepEqual([host.stack, host.logLevel, host.source], ["local", "warn", defaultPath]);
  });

  it("puts the runc options of the request over the file's", async () => {
    const configBody = 'stack = "local"\n[runc]\nbinary = "a"\n';
    const runc = { binaryName: "crun", systemdCgroup: true };
    assert.deepEqual((await resolveSettings({ configBody, runc })).runc, {
      binary: "crun",
      systemdCgroup: true,
    });
    assert.deepEqual((await resolveSettings({ configBody, runc })).origins, {
      stack: "runtime options:1",
      "runc.binary": "runtime options, containerd.runc.v1.Options BinaryName",
      "runc.systemd_cgroup": "runtime options, containerd.runc.v1.Options SystemdCgroup",
    });
    const empty = { binaryName: "", systemdCgroup: false };
    assert.deepEqual((await resolveSettings({ configBody, runc: empty })).runc, {
      binary: "a",
      systemdCgroup: false,
    });
  });

  it("accepts what CRI leaves in the options table", async () => {
    const configBody = 'TypeUrl = "runtimeoptions.v1.Options"\nConfigPath = ""\nstack = "local"\n';
    assert.equal((await resolveSettings({ configBody, defaultPath: none })).stack, "local");
  });

  it("refuses a file that is not there, is relative, or can't be read", async () => {
    await fails(resolveSettings({ configPath: none }), "not-found", /config .*none.toml does not exist/);
    await fails(resolveSettings({ configPath: "config.toml" }), "invalid-argument", /is relative/);
    await fails(resolveSettings({ configPath: dir }), "invalid-argument", /cannot be read/);
  });

  for (const [name, text, message] of [
    ["a syntax error", 'stack = "local"\nrunc = [\n', /bad.toml:\d:\d+: not TOML: /],
    ["an unknown key", 'stack = "local"\n\ncpus = 4\n', /bad.toml:3: unknown key cpus: known are stack, /],
    ["a misspelt key", 'log-level = "info"\n', /bad.toml:1: unknown key log-level: did you mean log_level\?/],
    ["an unknown key in a table", '[runc]\nbinary = "x"\nrot = "/x"\n', /bad.toml:3: unknown key runc.rot/],
    ["an unknown table", "[vm]\ncpus = 4\n", /bad.toml:1: unknown key vm/],
    ["a key in a list of tables", "[[ runc ]]\nrot = 1\n", /bad.toml:1: unknown key runc/],
    [
      "a key behind a long line of blanks",
      `TypeUrl = """\n[${" ".repeat(5000)}\n"""\nzzz = 1\n`,
      /bad.toml:4: unknown key zzz/,
    ],
    [
      "a key behind blanks and a word",
      `TypeUrl = """\n${" ".repeat(5000)}x\n"""\nzzz = 1\n`,
      /bad.toml:4: unknown key zzz/,
    ],
    ["a wrong type", "stack = 3\n", /bad.toml:1: stack must be a string, it is the number 3/],
    ["a value out of range", '# x\nstack = "xen"\n', /bad.toml:2: stack must be one of hcs, qemu, .*, it is "xen"/],
    ["a string for a boolean", '[runc]\nsystemd_cgroup = "yes"\n', /bad.toml:2: runc.systemd_cgroup must be true or/],
    ["a value where a table belongs", "runc = 1\n", /bad.toml:1: unknown key runc/],
    ["a relative directory", 'run_directory = "run"\n', /bad.toml:1: run_directory must be an absolute path/],
    [
      "too little memory",
      "[qemu]\nmemory_mib = 64\n",
      /bad.toml:2: qemu.memory_mib must be a whole number from 128 to /,
    ],
    [
      "half a processor",
      "[qemu]\nprocessors = 1.5\n",
      /bad.toml:2: qemu.processors must be a whole number from 1 to 255/,
    ],
    ["a relative image", '[qemu]\nimage = "uvm"\n', /bad.toml:2: qemu.image must be an absolute path/],
    ["an empty string", '[runc]\nbinary = ""\n', /bad.toml:2: runc.binary must not be empty/],
  ] as const) {
    it(`names the line of ${name}`, async () => {
      await fails(resolveSettings({ configPath: file("bad.toml", text) }), "invalid-argument", message);
    });
  }
});
