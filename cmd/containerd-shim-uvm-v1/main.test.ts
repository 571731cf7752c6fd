import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { runtime } from "#runtime";
import { Options as RuncOptions } from "../../src/generated/containerd/runc/v1.ts";
import { BootstrapParams, BootstrapResult } from "../../src/generated/containerd/runtime/bootstrap/v1.ts";
import { CreateSandboxRequest, Sandbox } from "../../src/generated/containerd/runtime/sandbox/v1.ts";
import { DeleteResponse, Task } from "../../src/generated/containerd/task/v2.ts";
import { RuntimeInfo } from "../../src/generated/containerd/types.ts";
import { Any } from "../../src/generated/google/protobuf.ts";
import { Options } from "../../src/generated/runtimeoptions/v1.ts";
import { readDaemonRecord } from "../../src/shim/records.ts";
import { cgroupOf } from "../../src/sys/cgroup.ts";
import { cgroupDirectories } from "../../src/sys/join-cgroup.ts";
import { mountOne } from "../../src/sys/mount.ts";
import { mountTable } from "../../src/sys/mountinfo.ts";
import { processStat } from "../../src/sys/process.ts";
import { connect } from "../../src/ttrpc/socket.ts";
import { addVmProcess } from "../../src/vmmanager/vm-processes.ts";
import { until } from "../../test/harness/until.ts";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
/** The runtime under which the test runs is the one that it tests. */
const program =
  runtime.name === "bun"
    ? [process.execPath, main]
    : [process.execPath, "--import", import.meta.resolve("tsx"), "--no-warnings", main];

const env17 = { MAX_SHIM_VERSION: "2", GRPC_ADDRESS: "/containerd.sock", NAMESPACE: "ns" };

interface Result {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

let dir = "";
let config = "";
/** The launcher, as scripts/build lays it out, before the sources. */
let command = "";
before(() => {
  dir = mkdtempSync(join(tmpdir(), "uvm-main-"));
  command = layProgram(dir);
  config = join(dir, "config.toml");
  writeFileSync(
    config,
    [
      'stack = "local"',
      `run_directory = "${dir}/run"`,
      `socket_directory = "${dir}/s"`,
      "[runc]",
      `binary = "${dir}/runc"`,
    ].join("\n"),
  );
  // What `delete` asks of runc, and nothing more.
  const runc = ["#!/bin/sh", `echo "$@" >> ${dir}/runc.log`, '[ "$3" = delete ] && rm -r "$2/$5"', "exit 0"];
  writeFileSync(join(dir, "runc"), `${runc.join("\n")}\n`);
  chmodSync(join(dir, "runc"), 0o755);
});
after(() => rmSync(dir, { recursive: true }));

function layProgram(directory: string): string {
  const launcher = join(directory, "bin/containerd-shim-uvm-v1");
  mkdirSync(join(directory, "bin/shim"), { recursive: true });
  copyFileSync(fileURLToPath(new URL("launcher.sh", import.meta.url)), launcher);
  const executable = join(directory, "bin/shim/containerd-shim-uvm-v1");
  // tsx's compiler, which runs where its cache is cold, would hold the stderr that was lent for as long as the daemon lives.
  const compiler = join(directory, "bin/esbuild");
  const quiet = runtime.name === "node" ? `export ESBUILD_BINARY_PATH='${compiler}'\n` : "";
  writeFileSync(compiler, `#!/bin/sh\nexec '${esbuild()}' "$@" 2>/dev/null\n`);
  writeFileSync(executable, `#!/bin/sh\n${quiet}exec ${program.map((word) => `'${word}'`).join(" ")} "$@"\n`);
  for (const path of [launcher, executable, compiler]) chmodSync(path, 0o755);
  return launcher;
}

/** The compiler that tsx has, where npm has put it. */
function esbuild(): string {
  return ["tsx", "esbuild", `@esbuild/${process.platform}-${process.arch}/bin/esbuild`].reduce(
    (from, name) => createRequire(from).resolve(name),
    import.meta.url,
  );
}

/** The daemons of this file's pods, whatever the tests think of them: by their command lines. */
function daemonsAlive(): number[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    if (Number.isNaN(pid)) return [];
    try {
      const args = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      const isDaemon = args.includes(`${dir}/containerd.sock`) && !args.includes("start") && !args.includes("delete");
      return isDaemon && processStat(pid)?.state !== "Z" ? [pid] : [];
    } catch {
      return [];
    }
  });
}

function noDaemons(): boolean {
  return daemonsAlive().length === 0;
}

afterEach(async () => {
  for (const pid of daemonsAlive()) process.kill(pid, "SIGKILL");
  await until("the daemons' end", noDaemons);
  for (const name of readdirSync(dir)) {
    if (!["bin", "config.toml", "runc"].includes(name)) rmSync(join(dir, name), { recursive: true });
  }
});

function makeBundle(id: string, annotations: Record<string, string> = {}): string {
  const bundle = join(dir, "bundles", id);
  mkdirSync(join(bundle, "rootfs"), { recursive: true });
  writeFileSync(join(bundle, "config.json"), JSON.stringify({ ociVersion: "1.0.2", annotations }));
  return bundle;
}

interface LaunchOptions {
  readonly stdin?: Uint8Array;
  readonly env?: object;
  readonly program?: string;
}

function launch(id: string, action: string[], options: LaunchOptions = {}): ChildProcess {
  const flags = ["-namespace", "ns", "-id", id, "-address", `${dir}/containerd.sock`];
  const [file = "", ...args] = [options.program ?? command, ...flags, ...action];
  const { NAMESPACE: _, ...inherited } = process.env;
  const child = spawn(file, args, {
    cwd: join(dir, "bundles", id),
    env: { ...inherited, NODE_NO_WARNINGS: "1", ...options.env } as NodeJS.ProcessEnv,
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(options.stdin);
  return child;
}

async function result(child: ChildProcess): Promise<Result> {
  const stdout: Buffer[] = [];
  let stderr = "";
  child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  // `close` comes after EOF on both: a daemon that kept one of them open would hang containerd, and this.
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, stdout: Buffer.concat(stdout), stderr };
}

/** As 1.6 passes `--runtime-config-path`. */
function optionsFor(path: string): Uint8Array {
  const value = Options.encode(Options.create({ configPath: path }));
  return Any.encode({ typeUrl: "runtimeoptions.v1.Options", value });
}

async function startPod(id: string, options: LaunchOptions = {}): Promise<Result> {
  return await result(launch(id, ["start"], { stdin: optionsFor(config), ...options }));
}

async function startedPod(id: string, annotations: Record<string, string> = {}) {
  const bundle = makeBundle(id, annotations);
  const started = await startPod(id);
  assert.deepEqual([started.code, started.stderr], [0, ""]);
  const socket = started.stdout.toString().replace("unix://", "");
  return { bundle, socket, daemon: () => readDaemonRecord(join(dir, "run", "ns", id)) };
}

async function deleteTask(id: string, bundle: string): Promise<Result & { response: DeleteResponse }> {
  const deleted = await result(launch(id, ["-bundle", bundle, "delete"]));
  return { ...deleted, response: DeleteResponse.decode(deleted.stdout) };
}

/** A pod whose sandbox runs; its bundle has no config.json. */
async function startedSandbox(id: string) {
  const pod = await startedPod(id);
  rmSync(join(pod.bundle, "config.json"));
  const client = await connect(pod.socket);
  const sandbox = client.service(Sandbox);
  await sandbox.createSandbox(CreateSandboxRequest.create({ sandboxId: id, bundlePath: pod.bundle }));
  const { pid } = await sandbox.startSandbox({ sandboxId: id });
  assert.equal(pid, pod.daemon()?.pid);
  client.close();
  return pod;
}

async function shutdown(socket: string, id: string): Promise<void> {
  const client = await connect(socket);
  await client.service(Task).shutdown({ id, now: false });
  client.close();
}

describe("start", () => {
  it("answers 1.6 with the bare address of a socket that serves", async () => {
    const { bundle, socket, daemon } = await startedPod("c1");
    assert.match(socket, new RegExp(`^${dir}/s/[0-9a-f]{64}$`));
    const client = await connect(socket);
    assert.deepEqual(await client.service(Task).connect({ id: "c1" }), {
      shimPid: daemon()?.pid,
      taskPid: 0,
      version: "",
    });
    client.close();
    assert.equal(readlinkSync(join(bundle, "s")), join(dir, "s"));
    assert.equal(readFileSync(join(bundle, "address"), "utf8"), `unix://${socket}`);
  });

  it("answers 1.7 to 2.2 with JSON of version 2", async () => {
    makeBundle("c1");
    const { code, stdout, stderr } = await startPod("c1", { env: env17 });
    const [name] = readdirSync(join(dir, "s"));
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal(stdout.toString(), `{"version":2,"address":"unix://${dir}/s/${name}","protocol":"ttrpc"}`);
  });

  it("answers 2.3 with protobuf of version 3, in the socket directory that it names", async () => {
    const bundle = makeBundle("c1");
    const options = Any.decode(optionsFor(config));
    const params = { instanceId: "c1", namespace: "ns", extensions: [{ value: options }], socketDir: `${dir}/own` };
    const stdin = BootstrapParams.encode(BootstrapParams.create(params));
    const { code, stdout, stderr } = await startPod("c1", { stdin, env: env17 });
    assert.deepEqual([code, stderr], [0, ""]);
    const [name] = readdirSync(join(dir, "own"));
    const expected = { version: 3, address: `unix://${dir}/own/${name}`, protocol: "ttrpc" };
    assert.deepEqual(stdout, Buffer.from(BootstrapResult.encode(BootstrapResult.create(expected))));
    assert.equal(existsSync(join(bundle, "address")), false);
  });

  it("leaves a daemon that holds no stream of the launcher, works in the bundle, and bears its flags", async () => {
    const { bundle, daemon } = await startedPod("c1");
    const pid = daemon()?.pid ?? 0;
    const proc = (name: string) => join("/proc", String(pid), name);
    assert.deepEqual(
      ["0", "1", "2"].map((fd) => readlinkSync(proc(`fd/${fd}`))),
      ["/dev/null", "/dev/null", "/dev/null"],
    );
    assert.equal(readlinkSync(proc("cwd")), bundle);
    const line = readFileSync(proc("cmdline"), "utf8").replaceAll("\0", " ");
    assert.match(line, /-namespace ns -id c1 -address /);
    const ours = Number(readFileSync("/proc/self/oom_score_adj", "utf8"));
    assert.equal(Number(readFileSync(proc("oom_score_adj"), "utf8")), Math.min(ours + 1, 1000));
    // A shell has what it starts in the background ignore SIGINT and SIGQUIT; the pod's containers would inherit it.
    const ignored = BigInt(`0x${/SigIgn:\s+(\w+)/.exec(readFileSync(proc("status"), "utf8"))?.[1]}`);
    assert.equal(ignored & 0b110n, 0n);
    // Field 6: a session of its own.
    assert.equal(readFileSync(proc("stat"), "utf8").split(" ")[5], String(pid));
  });

  it("puts the daemon into the cgroup that runc's options name, and fails where there is none", async (t) => {
    if (process.getuid?.() !== 0) return t.skip("wants root: it makes a cgroup");
    const cgroup = `/uvm-main-${process.pid}`;
    const mounts = cgroupDirectories(cgroup, cgroupOf("self").mode, mountTable());
    // A new cpuset takes nobody: it has no processors yet.
    const made = mounts.find((each) => /freezer|pids/.test(each)) ?? mounts[0] ?? assert.fail("no cgroups");
    const value = RuncOptions.encode(RuncOptions.create({ shimCgroup: cgroup }));
    const both = [Any.decode(optionsFor(config)), { typeUrl: "containerd.runc.v1.Options", value }];
    const extensions = both.map((each) => ({ value: each }));
    const params = { instanceId: "c1", namespace: "ns", extensions, socketDir: `${dir}/s` };
    const stdin = BootstrapParams.encode(BootstrapParams.create(params));
    const bundle = makeBundle("c1");
    const before = readdirSync(bundle);
    const refused = await startPod("c1", { stdin });
    assert.deepEqual([refused.code, refused.stdout.length], [1, 0]);
    assert.match(refused.stderr, new RegExp(`cgroup ${cgroup} does not exist; [^\\n]+\\n$`));
    assert.deepEqual([readdirSync(bundle), daemonsAlive()], [before, []]);
    mkdirSync(made);
    try {
      assert.deepEqual((await startPod("c1", { stdin })).stderr, "");
      const [pid] = daemonsAlive();
      // In Node the compiler may be there too, as a child of the daemon.
      const members = readFileSync(join(made, "cgroup.procs"), "utf8").split("\n");
      assert.ok(members.includes(String(pid)), members.join(" "));
      process.kill(pid ?? 0, "SIGTERM");
      await until("the daemon's end", noDaemons);
    } finally {
      for (const pid of daemonsAlive()) process.kill(pid, "SIGKILL");
      // A process whose leader is a zombie may have threads that still leave: the cgroup is busy until the last has.
      await until("the cgroup's last thread has left", () => removed(made));
    }
  });

  it("fails in one line, and leaves nothing, where it is killed", async () => {
    const bundle = makeBundle("c1");
    const before = readdirSync(bundle);
    const executable = join(dir, "bin/shim/containerd-shim-uvm-v1");
    const script = readFileSync(executable, "utf8");
    // Once: what the launcher then runs to take back what was made has to live.
    writeFileSync(
      executable,
      script.replace("exec ", () => `[ -e ${dir}/killed ] || { : >${dir}/killed; kill -9 $$; }\nexec `),
    );
    try {
      const { code, stdout, stderr } = await startPod("c1");
      assert.deepEqual([code, stdout.length], [1, 0]);
      assert.match(stderr, /^containerd-shim-uvm-v1: [^\n]* ended before it was ready \(exit code 137\)[^\n]+\n$/);
      assert.deepEqual(readdirSync(bundle), before);
    } finally {
      writeFileSync(executable, script);
    }
  });

  it("is found through a link to the launcher, with an id that is an action's name", async () => {
    const link = join(dir, "link");
    symlinkSync(command, link);
    makeBundle("start");
    const { code, stdout, stderr } = await startPod("start", { program: link });
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout.toString(), /^unix:/);
  });

  it("gives containers of one group one daemon", async () => {
    const { socket } = await startedPod("leader");
    const { socket: member } = await startedPod("member", { "io.kubernetes.cri.sandbox-id": "leader" });
    assert.equal(member, socket);
    assert.equal(daemonsAlive().length, 1);
  });

  it("refuses a member that asks for another stack than its pod has, and leaves nothing", async () => {
    const { daemon } = await startedPod("leader");
    const bundle = makeBundle("member", { "io.containerd.runc.v2.group": "leader" });
    const before = readdirSync(bundle);
    const other = bad(`stack = "qemu"\nrun_directory = "${dir}/run"\nsocket_directory = "${dir}/s"\n`);
    const { code, stdout, stderr } = await startPod("member", { stdin: optionsFor(other) });
    assert.deepEqual([code, stdout.length], [1, 0]);
    assert.match(stderr, /^containerd-shim-uvm-v1: pod leader is on stack local; [^\n]*member [^\n]*qemu[^\n]+\n$/);
    assert.deepEqual(readdirSync(bundle), before);
    assert.deepEqual(daemonsAlive(), [daemon()?.pid]);
  });

  it("lets one daemon win where many launchers race, and gives all its address", async () => {
    makeBundle("c1");
    // Two starts of Node with a compiler take a second of processor time; the lock itself is raced in socket.test.ts.
    const racers = runtime.name === "bun" ? 20 : 4;
    const results = await Promise.all(Array.from({ length: racers }, () => startPod("c1")));
    const socket = `unix://${join(dir, "s", readdirSync(join(dir, "s"))[0] ?? "")}`;
    for (const { code, stdout, stderr } of results)
      assert.deepEqual([code, stderr, stdout.toString()], [0, "", socket]);
    await until("the losers' end", () => daemonsAlive().length === 1);
  });

  it("starts anew over what kill -9 left", async () => {
    const { socket, daemon } = await startedPod("c1");
    const first = daemon()?.pid ?? 0;
    process.kill(first, "SIGKILL");
    await until("the end", () => !existsSync(`/proc/${first}/exe`));
    const again = await startPod("c1");
    assert.deepEqual([again.code, again.stdout.toString()], [0, `unix://${socket}`]);
    assert.notEqual(daemon()?.pid, first);
  });

  for (const [name, make, message] of [
    ["a config that is not there", () => optionsFor("/no/such.toml"), /config \/no\/such.toml does not exist/],
    ["an unknown key", () => optionsFor(bad("cpus = 1\n")), /bad.toml:1: unknown key cpus/],
    ["a stack that is not available", () => optionsFor(bad('stack = "hcs"\n')), /stack hcs .* stack = "local"/],
    [
      "a stack without its image",
      () => optionsFor(bad('stack = "qemu"\n[qemu]\nimage = "/no/image"\n')),
      /no image of the VM's guest in \/no\/image: run make uvm-image/,
    ],
    ["nonsense on stdin", () => new TextEncoder().encode("nonsense"), /stdin holds 8 bytes that are neither/],
  ] as const) {
    it(`refuses ${name} in one line and leaves nothing`, async () => {
      const bundle = makeBundle("c1");
      const before = readdirSync(bundle);
      const { code, stdout, stderr } = await startPod("c1", { stdin: make() });
      assert.deepEqual([code, stdout.length], [1, 0]);
      assert.match(stderr, message);
      assert.match(stderr, /^containerd-shim-uvm-v1: [^\n]+\n$/);
      assert.deepEqual(readdirSync(bundle), before);
      assert.equal(existsSync(join(dir, "run")), false);
    });
  }

  it("fails in one line, and leaves nothing, where the daemon cannot write its state", async () => {
    const bundle = makeBundle("c1");
    const before = readdirSync(bundle);
    // A file where the run directory should be.
    writeFileSync(join(dir, "run"), "");
    const { code, stdout, stderr } = await startPod("c1");
    assert.deepEqual([code, stdout.length], [1, 0]);
    assert.match(stderr, /^containerd-shim-uvm-v1: [^\n]+\n$/);
    assert.deepEqual([readdirSync(bundle), readdirSync(join(dir, "s"))], [before, []]);
    await until("the daemon's end", noDaemons);
  });
});

function removed(cgroup: string): boolean {
  try {
    rmdirSync(cgroup);
    return true;
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === "EBUSY") return false;
    throw err;
  }
}

function bad(text: string): string {
  const path = join(dir, "bad.toml");
  writeFileSync(path, text);
  return path;
}

describe("the daemon", () => {
  // A VM that took too long to end kept its mounts, cgroups and state until the pod's next start.
  it("takes what a VM left that could not be ended in order", async (t) => {
    if (process.getuid?.() !== 0) return t.skip("wants root: it mounts");
    const { socket } = await startedPod("c1");
    const [namespace = ""] = readdirSync(join(dir, "run"));
    const [pod = ""] = readdirSync(join(dir, "run", namespace));
    const share = join(dir, "run", namespace, pod, "shared");
    mkdirSync(share);
    mountOne({ type: "tmpfs", source: "tmpfs", options: [] }, share);
    const vm = spawn("sleep", ["1000"], { stdio: "ignore" });
    const ended = new Promise((resolve) => vm.once("exit", resolve));
    addVmProcess(dirname(share), { pid: vm.pid ?? 0, what: "qemu" });
    await shutdown(socket, "c1");
    await ended;
    assert.deepEqual(readdirSync(join(dir, "run")), []);
    assert.ok(!readFileSync("/proc/self/mountinfo", "utf8").includes(share));
    await until("the daemon's end", noDaemons);
  });

  it("leaves on Shutdown with nothing held, and has given all back by its answer", async () => {
    const { bundle, socket } = await startedPod("c1");
    await shutdown(socket, "c1");
    assert.deepEqual(readdirSync(join(dir, "s")), []);
    assert.deepEqual(readdirSync(join(dir, "run")), []);
    assert.equal(lstatSync(join(bundle, "s"), { throwIfNoEntry: false }), undefined);
    await until("the daemon's end", noDaemons);
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`leaves on ${signal} and gives all back`, async () => {
      const { daemon } = await startedPod("c1");
      process.kill(daemon()?.pid ?? 0, signal);
      await until("the daemon's end", noDaemons);
      assert.deepEqual([readdirSync(join(dir, "s")), readdirSync(join(dir, "run"))], [[], []]);
    });
  }

  it("stays for its sandbox whatever Task.Shutdown asks, and leaves with it", async () => {
    const { socket, daemon } = await startedSandbox("c1");
    await shutdown(socket, "c1");
    assert.deepEqual(daemonsAlive(), [daemon()?.pid]);
    const client = await connect(socket);
    await client.service(Sandbox).shutdownSandbox({ sandboxId: "c1" });
    client.close();
    await until("the daemon's end", noDaemons);
    assert.deepEqual([readdirSync(join(dir, "s")), readdirSync(join(dir, "run"))], [[], []]);
  });

  it("takes its sandbox along on SIGTERM", async () => {
    const { daemon } = await startedSandbox("c1");
    process.kill(daemon()?.pid ?? 0, "SIGTERM");
    await until("the daemon's end", noDaemons);
    assert.deepEqual([readdirSync(join(dir, "s")), readdirSync(join(dir, "run"))], [[], []]);
  });

  it("does not serve without a start", async () => {
    makeBundle("c1");
    const { code, stderr } = await result(launch("c1", []));
    assert.equal(code, 1);
    assert.match(stderr, /has no launcher to answer: run the shim with the action start/);
  });
});

describe("delete", () => {
  it("answers for what never started, and again", async () => {
    const bundle = makeBundle("c1");
    for (const _ of [1, 2]) {
      const { code, stderr, response } = await deleteTask("c1", bundle);
      assert.deepEqual([code, stderr, response.pid, response.exitStatus], [0, "", 0, 137]);
      assert.ok(Math.abs(Number(response.exitedAt?.seconds) - Date.now() / 1000) < 60);
    }
  });

  it("is answered by the launcher alone for a pod that left nothing, until its bundle is started again", async () => {
    const { bundle, socket } = await startedPod("c1");
    await shutdown(socket, "c1");
    await until("the daemon's end", noDaemons);
    const executable = join(dir, "bin/shim/containerd-shim-uvm-v1");
    renameSync(executable, `${executable}.away`);
    try {
      for (const _ of [1, 2]) {
        const { code, stderr, response } = await deleteTask("c1", bundle);
        assert.deepEqual([code, stderr, response.pid, response.exitStatus], [0, "", 0, 137]);
        assert.ok(Math.abs(Number(response.exitedAt?.seconds) - Date.now() / 1000) < 60);
      }
    } finally {
      renameSync(`${executable}.away`, executable);
    }
    const again = await startedPod("c1");
    const { code } = await deleteTask("c1", again.bundle);
    assert.equal(code, 0);
    await until("the daemon's end", noDaemons);
  });

  it("is not answered by the launcher while something is mounted in the bundle", async (t) => {
    if (process.getuid?.() !== 0) return t.skip("wants root: it mounts");
    const { bundle, socket } = await startedPod("c1");
    const rootfs = join(bundle, "rootfs");
    mountOne({ type: "tmpfs", source: "tmpfs", options: [] }, rootfs);
    await shutdown(socket, "c1");
    const { code, stderr } = await deleteTask("c1", bundle);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.ok(!readFileSync("/proc/self/mountinfo", "utf8").includes(rootfs));
    await until("the daemon's end", noDaemons);
  });

  it("cleans up after kill -9: containers, socket, state, records", async () => {
    const { bundle, daemon } = await startedPod("c1");
    const record = daemon();
    assert.ok(record?.runcRoot);
    for (const [id, pid] of [["c1", 4242] as const, ["c2", 4243] as const]) {
      mkdirSync(join(record.runcRoot, id), { recursive: true });
      writeFileSync(join(record.runcRoot, id, "state.json"), JSON.stringify({ init_process_pid: pid }));
    }
    process.kill(record.pid, "SIGKILL");
    const { code, stderr, response } = await deleteTask("c1", bundle);
    assert.deepEqual([code, stderr, response.pid, response.exitStatus], [0, "", 4242, 137]);
    const calls = readFileSync(join(dir, "runc.log"), "utf8").trim().split("\n").sort();
    assert.deepEqual(
      calls,
      ["c1", "c2"].map((id) => `--root ${record.runcRoot} delete --force ${id}`),
    );
    assert.deepEqual([readdirSync(join(dir, "s")), readdirSync(join(dir, "run"))], [[], []]);
    assert.deepEqual(readdirSync(bundle).sort(), ["address", "config.json", "rootfs"]);
  });

  it("kills a daemon that hangs, for its leader", async () => {
    const { bundle, daemon } = await startedPod("c1");
    process.kill(daemon()?.pid ?? 0, "SIGSTOP");
    const { code, stderr } = await deleteTask("c1", bundle);
    assert.deepEqual([code, stderr], [0, ""]);
    await until("the daemon's end", noDaemons);
    assert.deepEqual([readdirSync(join(dir, "s")), readdirSync(join(dir, "run"))], [[], []]);
  });

  it("ends the sandbox that the id has, when nobody shut it down", async () => {
    const { bundle } = await startedSandbox("c1");
    const { code, stderr } = await deleteTask("c1", bundle);
    assert.deepEqual([code, stderr], [0, ""]);
    await until("the daemon's end", noDaemons);
    assert.deepEqual([readdirSync(join(dir, "s")), readdirSync(join(dir, "run"))], [[], []]);
  });

  it("leaves the pod's daemon alone for a member, even when it hangs", async () => {
    const { daemon } = await startedPod("leader");
    const pid = daemon()?.pid ?? 0;
    const { bundle } = await startedPod("member", { "io.containerd.runc.v2.group": "leader" });
    process.kill(pid, "SIGSTOP");
    const { code, stderr } = await deleteTask("member", bundle);
    process.kill(pid, "SIGCONT");
    assert.deepEqual([code, stderr], [0, ""]);
    assert.deepEqual(daemonsAlive(), [pid]);
    assert.equal(daemon()?.pid, pid);
  });
});

describe("-info and -v", () => {
  it("tell of the runtime without an id, a namespace or a bundle", async () => {
    mkdirSync(join(dir, "bundles", "none"), { recursive: true });
    const info = await result(spawn(command, ["-info"], { stdio: ["ignore", "pipe", "pipe"] }));
    const { name, version, features, annotations } = RuntimeInfo.decode(info.stdout);
    const { version: released } = JSON.parse(readFileSync("package.json", "utf8"));
    assert.deepEqual([info.code, info.stderr, name, version?.version], [0, "", "io.containerd.uvm.v1", released]);
    assert.equal(features?.typeUrl, "types.containerd.io/opencontainers/runtime-spec/1/features/Features");
    const { mountOptions, linux } = JSON.parse(new TextDecoder().decode(features?.value));
    assert.ok(mountOptions.includes("rro"));
    assert.deepEqual(linux.mountExtensions, { idmap: { enabled: false } });
    assert.equal(annotations.get("containerd.io/runtime-allow-mounts"), "mkdir/*,format/*,erofs");

    const text = await result(spawn(command, ["-v"], { stdio: ["ignore", "pipe", "pipe"] }));
    assert.match(text.stdout.toString(), new RegExp(`^containerd-shim-uvm-v1:\n  Version:  ${released}\n`));
  });
});
