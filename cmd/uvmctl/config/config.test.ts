import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { KNOWN_KEYS } from "../../../src/config/schema.ts";
import { resolveSettings } from "../../../src/config/settings.ts";
import { stateDirectoryOf, writeBundleRecord, writeDaemonRecord } from "../../../src/shim/records.ts";
import { startTime } from "../../../src/sys/process.ts";
import { run } from "../program.ts";

const topology = "io.microsoft.virtualmachine.computetopology.";

describe("uvmctl config", () => {
  let directory = "";
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "uvmctl-config-"));
  });
  after(() => rmSync(directory, { recursive: true }));

  const file = (text: string): string => {
    const path = join(directory, "config.toml");
    writeFileSync(path, text);
    return path;
  };

  async function uvmctl(...args: string[]) {
    const [stdout, stderr]: [string[], string[]] = [[], []];
    const session = {
      out: (text: string) => void stdout.push(text),
      err: (text: string) => void stderr.push(text),
      progress: false,
    };
    const code = await run(args, { ...session, exitCode: 0 });
    return { code, stdout: stdout.join(""), stderr: stderr.join("") };
  }

  /** By name: value and origin. */
  async function values(...args: string[]): Promise<{ of: Record<string, [unknown, string]>; problems: string[] }> {
    const { code, stdout, stderr } = await uvmctl("--run-directory", directory, "config", "--json", ...args);
    assert.equal(code, 0, stderr);
    const { values, problems } = JSON.parse(stdout);
    return {
      of: Object.fromEntries(values.map(({ name, value, from }: Record<string, unknown>) => [name, [value, from]])),
      problems,
    };
  }

  it("tells every key of the schema, with its value, of a file the line, and the default's words", async () => {
    const path = file('stack = "qemu"\n[qemu]\nmemory_mib = 8192\n[runc]\nsystemd_cgroup = true\n');
    const { of } = await values("--config", path);
    assert.deepEqual(
      KNOWN_KEYS.map(({ key }) => key).filter((key) => of[key] === undefined),
      [],
    );
    for (const { key, fallback } of KNOWN_KEYS) {
      if (fallback !== undefined && fallback !== "") assert.notEqual(of[key]?.[0], undefined, key);
    }
    assert.deepEqual(of.stack, ["qemu", `${path}:1`]);
    assert.deepEqual(of["qemu.memory_mib"], [8192, `${path}:3`]);
    assert.deepEqual(of["runc.systemd_cgroup"], [true, `${path}:5`]);
    assert.deepEqual(of["qemu.max_memory_mib"], [8192, "qemu.memory_mib"]);
    assert.deepEqual(of["qemu.processors"], [1, "default"]);
    assert.deepEqual(of["qemu.image"], [undefined, "default: where make install puts it"]);
    assert.match((await uvmctl("config", "--config", path)).stdout, /^qemu\.memory_mib +8192 +MiB +\/.*:3$/m);
  });

  it("tells how big a VM annotations make, and what is wrong with them", async () => {
    const path = file("");
    const annotations = [
      `${topology}memory.sizeinmb=512`,
      `${topology}processor.cuont=2`,
      `${topology}processor.weight=5`,
    ];
    const flags = annotations.flatMap((text) => ["--annotation", text]);
    const { of, problems } = await values("--config", path, ...flags);
    assert.deepEqual(of["vm.memory_mib"], [512, `annotation ${topology}memory.sizeinmb of container new`]);
    assert.deepEqual(of["vm.processors"], [1, "qemu.processors"]);
    assert.deepEqual(problems, [
      `unknown annotation ${topology}processor.cuont of container new: did you mean ${topology}processor.count?`,
      `annotation ${topology}processor.weight of container new is passed over: stack qemu does not heed it`,
    ]);
    const small = await values("--config", path, "--annotation", `${topology}memory.sizeinmb=64`);
    assert.match(small.problems.join(), /memory\.sizeinmb of pod new asks for 64 MiB: give the VM at least 128/);
  });

  it("names file and line of what is wrong, and the key that was meant", async () => {
    const path = file("[qemu]\nmemroy_mib = 512\n");
    const { code, stderr } = await uvmctl("config", "--config", path);
    assert.deepEqual(
      [code, stderr],
      [125, `uvmctl: config ${path}:2: unknown key qemu.memroy_mib: did you mean qemu.memory_mib?\n`],
    );
    assert.match((await uvmctl("config", "--annotation", "x")).stderr, /--annotation x is no NAME=VALUE/);
    assert.match((await uvmctl("config", "ns/none", "--config", path)).stderr, /leave --config and --annotation out/);
    assert.match((await uvmctl("config", "ns/none")).stderr, /no pod ns\/none .*uvmctl ls lists them/);
  });

  it("tells a running pod's, from its records and the specs of its containers", async () => {
    const stateDirectory = stateDirectoryOf(directory, "ns", "web");
    const path = file("[qemu]\nmemory_mib = 256\n");
    const settings = { ...(await resolveSettings({ configPath: path })), logLevel: "debug" as const };
    const spec = (hint: string) => ({
      ociVersion: "1.0.2",
      process: { args: ["true"], cwd: "/" },
      root: { path: "rootfs" },
      annotations: { [`${topology}memory.sizeinmb`]: hint },
    });
    for (const [id, memory] of [
      ["web", "300"],
      ["side", "x"],
    ] as const) {
      const bundle = join(directory, "bundles", id);
      mkdirSync(bundle, { recursive: true });
      writeFileSync(join(bundle, "config.json"), JSON.stringify(spec(memory)));
      writeBundleRecord(bundle, { podId: "web", stateDirectory, socketPath: "/s/1", settings });
    }
    writeDaemonRecord(stateDirectory, {
      ...{ pid: process.pid, startTime: startTime(process.pid) ?? 0n, stack: "qemu", socketPath: "/s/1" },
      bundle: join(directory, "bundles", "web"),
    });
    const { of, problems } = await values("ns/web");
    assert.deepEqual(of["vm.memory_mib"], [300, `annotation ${topology}memory.sizeinmb of container web`]);
    assert.deepEqual(of["qemu.memory_mib"], [256, `${path}:2`]);
    assert.deepEqual(of.log_level, ["debug", "containerd"]);
    assert.deepEqual(problems, [
      `annotation ${topology}memory.sizeinmb of container side is "x", wanted a number below 2^64`,
    ]);
    assert.deepEqual((await values("/s/1")).of.stack, of.stack);
  });
});
