import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createGuest } from "../../src/guestmanager/create-guest.ts";
import type { SpecNamespace } from "../../src/oci/spec.ts";
import type { TaskEvent } from "../../src/orchestration/events.ts";
import { PodController } from "../../src/orchestration/pod/controller.ts";
import type { Reaper } from "../../src/sys/reaper.ts";
import { createLocalStack } from "../../src/vmmanager/stacks/local/stack.ts";
import { createRequest, eventLine, execRequest } from "../compliance/guest-stand-in.ts";
import { layBusybox } from "./busybox.ts";
import { podPorts } from "./pod-ports.ts";

const APPLETS = ["sh", "sleep", "echo", "cat", "stty"];

const rpc = { signal: new AbortController().signal };

/** A pod on the local stack with the real guest and real runc. Its output goes to files. */
export class LivePod {
  readonly directory = mkdtempSync(join(tmpdir(), "uvm-pod-"));
  readonly cgroup = basename(this.directory);
  readonly events: TaskEvent[] = [];
  readonly warnings: string[] = [];
  readonly pod: PodController;

  constructor(reaper: Reaper) {
    const stateDirectory = join(this.directory, "state");
    mkdirSync(stateDirectory, { mode: 0o700 });
    layBusybox(join(this.directory, "image"), APPLETS);
    for (const name of ["proc", "dev"]) mkdirSync(join(this.directory, "image", name));
    this.pod = new PodController({
      id: "p1",
      namespace: "ns",
      stateDirectory,
      stack: createLocalStack({ reaper }),
      createGuest: ({ sockets }) => createGuest({ sockets }),
      // A slow machine's runc takes longer than a pod is given whose daemon has to go.
      limits: { close: 60_000 },
      ports: podPorts(
        (event) => this.events.push(event),
        (message, cause) => this.warnings.push(`${message}: ${cause}`),
      ),
    });
  }

  /** `namespaces`: over or beside its own. */
  request(id: string, script: string, terminal = false, namespaces: readonly SpecNamespace[] = []) {
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
        { destination: "/dev/shm", type: "tmpfs", source: "shm", options: ["mode=1777", "size=64k"] },
        { destination: "/dev/pts", type: "devpts", source: "devpts", options: ["newinstance", "ptmxmode=0666"] },
      ],
      linux: {
        cgroupsPath: `/${this.cgroup}/${id}`,
        namespaces: [
          ...["pid", "mount", "ipc", "uts", "network"]
            .filter((type) => !namespaces.some((given) => given.type === type))
            .map((type) => ({ type })),
          ...namespaces,
        ],
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
    await this.pod.start({ id, execId: "" }, rpc);
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
