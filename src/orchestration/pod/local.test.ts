import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createRequest, eventLine, execRequest } from "../../../test/compliance/guest-stand-in.ts";
import { createGuest } from "../../guestmanager/create-guest.ts";
import { stringifyJson } from "../../oci/json.ts";
import { loadSpec } from "../../oci/spec.ts";
import { openStdio } from "../../stdio/open.ts";
import { relay } from "../../stdio/relay.ts";
import { Reaper } from "../../sys/reaper.ts";
import { createLocalStack } from "../../vmmanager/stacks/local/stack.ts";
import { hostFiles } from "../container/host-files.ts";
import { hostRootfs } from "../container/rootfs.ts";
import type { TaskEvent } from "../events.ts";
import { PodController } from "./controller.ts";

const BUSYBOX = "/bin/busybox";
const APPLETS = ["sh", "sleep", "echo", "cat", "stty"];

function notHere(): string | false {
  if (process.getuid?.() !== 0) return "wants root: runc makes namespaces, mounts and cgroups";
  if (!existsSync(BUSYBOX)) return `wants a static ${BUSYBOX} (Debian: busybox-static)`;
  const path = (process.env.PATH ?? "").split(delimiter);
  return path.some((directory) => existsSync(join(directory, "runc"))) ? false : "wants runc on PATH";
}

const rpc = { signal: new AbortController().signal };
const init = (id = "c1"): { id: string; execId: string } => ({ id, execId: "" });
const exec = (execId = "e1", id = "c1"): { id: string; execId: string } => ({ id, execId });

/** A pod on the local stack with the real guest and real runc. Its output goes to files. */
class Live {
  readonly directory = mkdtempSync(join(tmpdir(), "uvm-pod-"));
  readonly cgroup = basename(this.directory);
  readonly events: TaskEvent[] = [];
  readonly warnings: string[] = [];
  readonly pod: PodController;

  constructor(reaper: Reaper) {
    const stateDirectory = join(this.directory, "state");
    mkdirSync(stateDirectory, { mode: 0o700 });
    mkdirSync(join(this.directory, "image", "bin"), { recursive: true });
    copyFileSync(BUSYBOX, join(this.directory, "image", BUSYBOX));
    for (const name of ["proc", "dev"]) mkdirSync(join(this.directory, "image", name));
    for (const applet of APPLETS) symlinkSync("busybox", join(this.directory, "image", "bin", applet));
    this.pod = new PodController({
      id: "p1",
      namespace: "ns",
      stateDirectory,
      stack: createLocalStack({ reaper }),
      createGuest: ({ sockets }) => createGuest({ sockets }),
      ports: {
        loadSpec,
        rootfs: hostRootfs,
        files: hostFiles,
        io: { open: (paths, context) => openStdio(paths, context), relay },
        events: { publish: (event) => this.events.push(event) },
        warn: (message, cause) => this.warnings.push(`${message}: ${cause}`),
      },
    });
  }

  request(id: string, script: string, terminal = false) {
    const bundle = join(this.directory, id);
    mkdirSync(join(bundle, "rootfs"), { recursive: true });
    const args = script === "" ? ["/no/such/program"] : ["/bin/sh", "-c", script];
    const spec = {
      ociVersion: "1.0.2",
      process: { terminal, cwd: "/", args, env: ["PATH=/bin"], user: { uid: 0, gid: 0 } },
      root: { path: "rootfs", readonly: true },
      mounts: [
        { destination: "/proc", type: "proc", source: "proc" },
        { destination: "/dev", type: "tmpfs", source: "tmpfs" },
        { destination: "/dev/pts", type: "devpts", source: "devpts", options: ["newinstance", "ptmxmode=0666"] },
      ],
      linux: {
        cgroupsPath: `/${this.cgroup}/${id}`,
        namespaces: ["pid", "mount", "ipc", "uts", "network"].map((type) => ({ type })),
      },
    };
    writeFileSync(join(bundle, "config.json"), JSON.stringify(spec));
    return createRequest(id, {
      bundle,
      rootfs: [{ type: "bind", source: join(this.directory, "image"), target: "", options: ["rbind", "ro"] }],
      terminal,
      stdout: `file://${join(this.directory, `${id}.out`)}`,
    });
  }

  exec(script: string, execId = "e1", id = "c1") {
    const args = script === "" ? ["/no/such/program"] : ["/bin/sh", "-c", script];
    const process = { cwd: "/", args, env: ["PATH=/bin"], user: { uid: 0, gid: 0 } };
    return { ...execRequest(execId, id), process, stdout: `file://${join(this.directory, `${execId}.out`)}` };
  }

  async running(script: string, id = "c1"): Promise<void> {
    await this.pod.create(this.request(id, script), rpc);
    await this.pod.start(init(id), rpc);
  }

  fifo(name: string): string {
    const path = join(this.directory, `${name}.in`);
    execFileSync("mkfifo", [path]);
    return path;
  }

  output(name: string): string {
    return readFileSync(join(this.directory, `${name}.out`), "utf8");
  }

  lines(): string[] {
    return this.events.map(eventLine);
  }

  async close(): Promise<void> {
    try {
      await this.pod.close();
      assert.equal(this.pod.busy(), false);
      assert.deepEqual(this.warnings, []);
      assert.ok(!readFileSync("/proc/self/mountinfo", "utf8").includes(this.directory), "mounts");
      const left = ["runc", "containers"].flatMap((name) => {
        const directory = join(this.directory, "state", name);
        return existsSync(directory) ? readdirSync(directory) : [];
      });
      assert.deepEqual(left, [], "the guest's state");
      for (const cgroup of this.#cgroups()) {
        const inside = readdirSync(cgroup, { withFileTypes: true }).filter((entry) => entry.isDirectory());
        assert.deepEqual(inside, [], cgroup);
      }
    } finally {
      for (const cgroup of this.#cgroups()) rmdirSync(cgroup);
      rmSync(this.directory, { recursive: true, force: true });
    }
  }

  /** runc makes the parent and leaves it. */
  #cgroups(): string[] {
    const root = "/sys/fs/cgroup";
    const controllers = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return ["", ...controllers.map((entry) => entry.name)]
      .map((name) => join(root, name, this.cgroup))
      .filter((path) => existsSync(path));
  }
}

describe("pod on the local stack", { skip: notHere() }, () => {
  const reaper = new Reaper();
  // Listening for a signal alone does not keep Node running.
  let hold: ReturnType<typeof setInterval>;
  before(() => {
    reaper.start();
    hold = setInterval(() => {}, 1 << 30);
  });
  after(() => {
    reaper.stop();
    clearInterval(hold);
  });
  const live = (run: (l: Live) => Promise<void>) => async (): Promise<void> => {
    const l = new Live(reaper);
    try {
      await run(l);
    } catch (failure) {
      await l.close().catch(() => {});
      throw failure;
    }
    await l.close();
  };

  it(
    "runs a container to its end",
    live(async (l) => {
      const { pid } = await l.pod.create(l.request("c1", "echo hello; exit 7"), rpc);
      assert.ok(pid > 0 && existsSync(`/proc/${pid}`));
      assert.deepEqual(await l.pod.pids("c1", rpc), [{ pid }]);
      assert.equal(l.pod.state(init()).status, "created");
      assert.deepEqual(await l.pod.start(init(), rpc), { pid });
      assert.equal((await l.pod.wait(init(), rpc)).exitStatus, 7);
      assert.equal(l.output("c1"), "hello\n");
      assert.equal(l.pod.state(init()).status, "stopped");
      assert.deepEqual(await l.pod.pids("c1", rpc), [{ pid }]);
      await assert.rejects(l.pod.kill(init(), 9, false, rpc), { kind: "not-found" });
      await assert.rejects(l.pod.stats("c1", rpc), { kind: "not-found" });
      assert.equal((await l.pod.delete(init(), rpc)).exitStatus, 7);
      assert.deepEqual(l.lines(), ["create c1", "start c1", "exit c1 7", "delete c1 7"]);
      assert.equal(l.pod.busy(), false);
    }),
  );

  it(
    "gives a terminal, of the size that was asked for before the start",
    live(async (l) => {
      await l.pod.create(
        l.request("c1", 'while [ "$(stty size 2>/dev/null)" != "23 91" ]; do :; done; echo it fits', true),
        rpc,
      );
      await l.pod.resizePty(init(), 91, 23, rpc);
      await l.pod.start(init(), rpc);
      await l.pod.wait(init(), rpc);
      assert.equal(l.output("c1"), "it fits\r\n");
    }),
  );

  it(
    "feeds stdin until CloseIO",
    live(async (l) => {
      const stdin = l.fifo("c1");
      await l.pod.create({ ...l.request("c1", "cat; sleep 0"), stdin }, rpc);
      await l.pod.start(init(), rpc);
      writeFileSync(stdin, "x".repeat(1000));
      await l.pod.closeIO(init());
      assert.equal((await l.pod.wait(init(), rpc)).exitStatus, 0);
      assert.equal(l.output("c1").length, 1000);
    }),
  );

  it(
    "runs execs, and tells the exits of those that die with the init before its own",
    live(async (l) => {
      await l.running("sleep 1000");
      await l.pod.exec(l.exec("echo from exec; exit 3"));
      await l.pod.start(exec(), rpc);
      assert.equal((await l.pod.wait(exec(), rpc)).exitStatus, 3);
      assert.equal(l.output("e1"), "from exec\n");
      await l.pod.exec(l.exec("sleep 1000", "e2"));
      const { pid } = await l.pod.start(exec("e2"), rpc);
      const pids = await l.pod.pids("c1", rpc);
      assert.ok(pids.some((entry) => entry.pid === pid && entry.execId === "e2"));
      assert.ok(pids.some((entry) => entry.pid === l.pod.connect("c1").taskPid && entry.execId === undefined));
      await l.pod.exec(l.exec("", "e3"));
      await assert.rejects(l.pod.start(exec("e3"), rpc), /no such file/);
      await l.pod.kill(init(), 9, false, rpc);
      assert.equal((await l.pod.wait(init(), rpc)).exitStatus, 137);
      assert.deepEqual(l.lines().slice(2), [
        "exec-added e1",
        "exec-started e1",
        "exit e1 3",
        "exec-added e2",
        "exec-started e2",
        "exec-added e3",
        "exit e2 137",
        "exit c1 137",
      ]);
      for (const id of ["e1", "e2", "e3"]) await l.pod.delete(exec(id), rpc);
      await l.pod.delete(init(), rpc);
    }),
  );

  it(
    "pauses, resumes, updates and measures",
    live(async (l) => {
      await l.running("while :; do :; done");
      await l.pod.pause("c1", rpc);
      assert.equal(l.pod.state(init()).status, "paused");
      assert.ok((await l.pod.pids("c1", rpc)).length > 0);
      await assert.rejects(l.pod.exec(l.exec("true")), { kind: "failed-precondition" });
      await l.pod.resume("c1", rpc);
      await l.pod.update("c1", { memory: { limit: 64 * 1024 * 1024 } }, {}, rpc);
      const stats = await l.pod.stats("c1", rpc);
      assert.match(stringifyJson(stats), /67108864/);
      await l.pod.pause("c1", rpc);
      await l.pod.kill(init(), 9, false, rpc);
      assert.equal((await l.pod.wait(init(), rpc)).exitStatus, 137);
      assert.deepEqual(l.lines().slice(2), ["paused c1", "resumed c1", "paused c1", "exit c1 137"]);
    }),
  );

  it(
    "kills one that is only created, and deletes one that is only created",
    live(async (l) => {
      await l.pod.create(l.request("c1", "sleep 1000"), rpc);
      await l.pod.create(l.request("c2", "sleep 1000"), rpc);
      await l.pod.kill(init("c1"), 9, false, rpc);
      assert.equal((await l.pod.wait(init("c1"), rpc)).exitStatus, 137);
      await assert.rejects(l.pod.start(init("c1"), rpc), { kind: "failed-precondition" });
      await l.pod.delete(init("c1"), rpc);
      assert.equal((await l.pod.delete(init("c2"), rpc)).exitStatus, 137);
      assert.deepEqual(l.lines().slice(2), ["exit c1 137", "delete c1 137", "exit c2 137", "delete c2 137"]);
    }),
  );

  it(
    "a create that fails leaves nothing, and the id can be used again",
    live(async (l) => {
      await assert.rejects(l.pod.create(l.request("c1", ""), rpc), /no such file/);
      assert.equal(l.pod.busy(), false);
      const missing = {
        ...l.request("c1", "true"),
        rootfs: [{ type: "bind", source: "/no", target: "", options: ["bind"] }],
      };
      await assert.rejects(l.pod.create(missing, rpc), { kind: "invalid-argument" });
      writeFileSync(join(l.directory, "c1", "config.json"), "nonsense");
      await assert.rejects(l.pod.create(missing, rpc), { kind: "invalid-argument" });
      assert.deepEqual(l.events, []);
      await l.running("exit 0");
      await l.pod.wait(init(), rpc);
      await l.pod.delete(init(), rpc);
    }),
  );

  it(
    "ends everything that still runs when it is closed",
    live(async (l) => {
      await l.running("sleep 1000", "c1");
      await l.running("sleep 1000", "c2");
      await l.pod.exec(l.exec("sleep 1000"));
      await l.pod.start(exec(), rpc);
      const pids = [l.pod.connect("c1").taskPid, l.pod.connect("c2").taskPid];
      await l.pod.close();
      for (const pid of pids) assert.ok(!existsSync(`/proc/${pid}`));
      const told = l.lines().filter((line) => /^(exit|delete)/.test(line));
      assert.equal(told.length, 5);
      assert.ok(
        told.findIndex((line) => line.startsWith("exit e1")) < told.findIndex((line) => line.startsWith("exit c1")),
      );
    }),
  );
});
