import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import { runtime } from "#runtime";
import { BootstrapParams, BootstrapResult } from "../../src/generated/containerd/runtime/bootstrap/v1.ts";
import { DeleteResponse } from "../../src/generated/containerd/task/v2.ts";
import { RuntimeInfo } from "../../src/generated/containerd/types.ts";
import { Any } from "../../src/generated/google/protobuf.ts";
import { Options as RuntimeOptions } from "../../src/generated/runtimeoptions/v1.ts";
import { until } from "../harness/until.ts";
import { daemonPid, makeBundle, NAMESPACE, PIPE, RUN_DIRECTORY, runShim, runs, shutDown } from "./shim.ts";

const starts: Promise<unknown>[] = [];

/** `start`, and nothing said but the address. */
async function start(id: string): Promise<string> {
  const ended = runShim("start", id);
  starts.push(ended);
  const { code, stdout, stderr } = await ended;
  assert.deepEqual([code, stderr], [0, ""]);
  return stdout.toString();
}

function podsLeft(): string[] {
  return existsSync(RUN_DIRECTORY) ? readdirSync(RUN_DIRECTORY, { recursive: true }).map(String) : [];
}

// After a test that failed: no other is to fail by what it left.
afterEach(async () => {
  await Promise.allSettled(starts.splice(0));
  for (const name of podsLeft().filter((path) => path.endsWith("daemon.json"))) {
    const { pid } = JSON.parse(readFileSync(join(RUN_DIRECTORY, name), "utf8"));
    if (runs(pid)) process.kill(pid, "SIGKILL");
    await until("the daemon's end", () => !runs(pid));
  }
  rmSync(RUN_DIRECTORY, { recursive: true, force: true });
});

describe("the shim's program on Windows", () => {
  it("tells its version and what it can do", async () => {
    const version = await runShim("-v", "any");
    assert.match(version.stdout.toString(), /^containerd-shim-uvm-v1:\n {2}Version: {2}\d/);
    const info = await runShim("-info", "any");
    assert.equal(RuntimeInfo.decode(info.stdout).name, "io.containerd.uvm.v1");
    assert.deepEqual([version.code, version.stderr, info.code, info.stderr], [0, "", 0, ""]);
  });

  it("starts a daemon on a named pipe, which serves until it is told to end and leaves nothing", async () => {
    const address = await start("one");
    assert.match(
      address,
      /^\\\\\.\\pipe\\ProtectedPrefix\\Administrators\\containerd-shim-k8s\.io-one-[0-9a-f]{16}-pipe$/,
    );
    assert.equal(readFileSync(join(makeBundle("one"), "address"), "utf8"), address);
    const pid = await daemonPid(address, "one");
    assert.ok(runs(pid));
    assert.deepEqual(podsLeft().includes(join(NAMESPACE, "one", "daemon.json")), true);
    await shutDown(address, "one");
    await assert.rejects(runtime.connect(address), { code: "ENOENT" });
    assert.deepEqual(podsLeft(), []);
    const { code, stdout, stderr } = await runShim("delete", "one");
    assert.deepEqual([code, stderr, DeleteResponse.decode(stdout).exitStatus], [0, "", 137]);
  });

  it("answers in the dialect of its caller", async () => {
    const json = await runShim("start", "dialect", { env: { MAX_SHIM_VERSION: "2" } });
    const { address, ...rest } = JSON.parse(json.stdout.toString());
    assert.deepEqual(rest, { version: 2, protocol: "ttrpc" });
    const params = BootstrapParams.create({ instanceId: "dialect", namespace: NAMESPACE });
    const protobuf = await runShim("start", "dialect", { stdin: BootstrapParams.encode(params) });
    const expected = BootstrapResult.create({ version: 3, address, protocol: "ttrpc" });
    assert.deepEqual(BootstrapResult.decode(protobuf.stdout), expected);
    assert.deepEqual([json.stderr, protobuf.stderr], ["", ""]);
    await shutDown(address, "dialect");
  });

  it("makes one daemon where two starts race for one pod", async () => {
    for (const round of ["race-1", "race-2", "race-3"]) {
      const addresses = await Promise.all([start(round), start(round), start(round)]);
      assert.equal(new Set(addresses).size, 1);
      const [address = ""] = addresses;
      const pid = await daemonPid(address, round);
      const record = JSON.parse(readFileSync(join(RUN_DIRECTORY, NAMESPACE, round, "daemon.json"), "utf8"));
      assert.equal(record.pid, pid);
      await shutDown(address, round);
      // A second one would have the name now.
      await assert.rejects(runtime.connect(address), { code: "ENOENT" });
    }
  });

  it("serves two pods beside each other, and a pod's members by its own daemon", async () => {
    const annotations = { "io.kubernetes.cri.sandbox-id": "pod-a" };
    const member = join(makeBundle("member"), "config.json");
    writeFileSync(member, JSON.stringify({ ociVersion: "1.1.0", annotations }));
    const [a, b] = [await start("pod-a"), await start("pod-b")];
    assert.equal(await start("member"), a);
    assert.notEqual(await daemonPid(a, "pod-a"), await daemonPid(b, "pod-b"));
    await shutDown(a, "pod-a");
    assert.ok(runs(await daemonPid(b, "pod-b")));
    await shutDown(b, "pod-b");
  });

  it("cleans up after a daemon that was killed, and starts it anew", async () => {
    const address = await start("killed");
    const pid = await daemonPid(address, "killed");
    process.kill(pid, "SIGKILL");
    await until("the daemon's end", () => !runs(pid));
    assert.notDeepEqual(podsLeft(), []);
    const { code, stdout, stderr } = await runShim("delete", "killed");
    assert.deepEqual([code, stderr, DeleteResponse.decode(stdout).exitStatus], [0, "", 137]);
    assert.deepEqual(podsLeft(), []);
    const again = await start("killed");
    assert.notEqual(await daemonPid(again, "killed"), pid);
    await shutDown(again, "killed");
  });

  it("ends a daemon that lives, and is asked to by delete", async () => {
    const address = await start("alive");
    const pid = await daemonPid(address, "alive");
    const { code, stderr } = await runShim("delete", "alive");
    assert.deepEqual([code, stderr], [0, ""]);
    await until("the daemon's end", () => !runs(pid));
    assert.deepEqual(podsLeft(), []);
  });

  it("is an executable, too, whose daemon outlives it, and which takes its script along when it is killed", async (t) => {
    const env = { UVM_SHIM_PROGRAM: process.env.UVM_SHIM_EXECUTABLE ?? "" };
    const bad = await runShim("-v", "", { env });
    assert.equal(bad.code, 0);
    const { code, stdout, stderr } = await runShim("start", "executable", { env });
    assert.deepEqual([code, stderr], [0, ""]);
    const address = stdout.toString();
    assert.ok(runs(await daemonPid(address, "executable")));
    await shutDown(address, "executable");
    const refused = await runShim("start", "no/id", { env });
    assert.deepEqual([refused.code, refused.stdout.length], [1, 0]);
    assert.match(refused.stderr, /^containerd-shim-uvm-v1: id "no\/id" is not an identifier/);
    // Without an action it is a daemon, which serves until it is ended.
    const bundle = makeBundle("served");
    await shutDown(await start("served"), "served");
    const flags = ["-namespace", NAMESPACE, "-id", "served", "-address", `${PIPE}containerd-containerd`];
    // The record in the bundle says where the state is.
    const launcher = spawn(env.UVM_SHIM_PROGRAM, flags, { cwd: bundle, stdio: "ignore" });
    t.after(() => launcher.kill("SIGKILL"));
    const served = readFileSync(join(bundle, "address"), "utf8");
    const pid = await until("the daemon", () => daemonPid(served, "served").catch(() => undefined));
    assert.notEqual(pid, launcher.pid);
    launcher.kill("SIGKILL");
    await until("the script's end", () => !runs(pid));
    const deleted = await runShim("delete", "served");
    assert.deepEqual([deleted.code, deleted.stderr], [0, ""]);
    assert.deepEqual(podsLeft(), []);
  });

  it("refuses a stack of Linux, on stderr alone, and leaves no daemon", async () => {
    const config = join(makeBundle("refused"), "config.toml");
    writeFileSync(config, 'stack = "qemu"\n');
    const { code, stdout, stderr } = await runShim("start", "refused", { stdin: optionsOf(config) });
    assert.deepEqual([code, stdout.length], [1, 0]);
    assert.match(stderr, /^containerd-shim-uvm-v1: stack qemu is not available on Windows: [^\n]*\n$/);
    assert.deepEqual(podsLeft(), []);
  });

  it("tells in one line why its daemon could not start, and leaves nothing", async () => {
    const bundle = makeBundle("full");
    const config = join(bundle, "config.toml");
    const file = join(bundle, "file");
    writeFileSync(file, "");
    writeFileSync(config, `run_directory = '${file}'\n`);
    const { code, stdout, stderr } = await runShim("start", "full", { stdin: optionsOf(config) });
    assert.deepEqual([code, stdout.length], [1, 0]);
    assert.match(stderr, /^containerd-shim-uvm-v1: [^\n]*(EEXIST|ENOTDIR|ENOENT)[^\n]*\n$/);
    assert.deepEqual(readdirSync(bundle).sort(), ["config.toml", "file"]);
  });

  it("writes its log to whoever dials the pod's log pipe, again after that reader is gone", async () => {
    const address = await start("log");
    const read = (wanted: RegExp): Promise<void> =>
      new Promise((resolve, reject) => {
        const socket = createConnection(`${PIPE}containerd-shim-${NAMESPACE}-log-log`);
        let text = "";
        socket.on("error", reject).on("data", (chunk) => {
          text += chunk;
          if (!wanted.test(text)) return;
          socket.destroy();
          resolve();
        });
      });
    await read(/level=info msg="the shim's daemon serves".* id=log namespace=k8s\.io pod=log/);
    const last = read(/msg="the shim's daemon ends" .*reason="Shutdown with nothing held"/);
    await shutDown(address, "log");
    await last;
  });
});

/** Runtime options that name a configuration. */
function optionsOf(configPath: string): Uint8Array {
  const value = RuntimeOptions.encode(RuntimeOptions.create({ configPath }));
  return Any.encode({ typeUrl: RuntimeOptions.typeName, value });
}
