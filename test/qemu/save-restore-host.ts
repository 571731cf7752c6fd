/** One life of a host, for save-restore.test.ts: `save` or `restore`, and the directory that both lives share. */
import { existsSync, mkdirSync, writeSync } from "node:fs";
import { join, resolve } from "node:path";
import { createGuest } from "../../src/guestmanager/create-guest.ts";
import { PodController } from "../../src/orchestration/pod/controller.ts";
import type { PodOptions } from "../../src/orchestration/pod/ports.ts";
import { createQemuStack } from "../../src/vmmanager/stacks/qemu/stack.ts";
import type { Stack } from "../../src/vmmanager/uvm.ts";
import { createRequest, eventLine, execRequest } from "../compliance/guest-stand-in.ts";
import { patientLimits } from "../harness/patient-limits.ts";
import { podPorts } from "../harness/pod-ports.ts";

const [mode = "", directory = ""] = process.argv.slice(2);
const rpc = { signal: new AbortController().signal };
const init = { id: "c1", execId: "" };
const say = (what: string, more: object = {}): void => {
  const line = JSON.stringify({ what, at: Date.now(), ...more });
  writeSync(1, line.concat("\n"));
};

/** Says which disks its restored VM gives back. */
function watched(stack: Stack): Stack {
  return {
    name: stack.name,
    create: (...args) => stack.create(...args),
    restore: async (...args) => {
      const uvm = await stack.restore(...args);
      const remove = uvm.removeScsiDisk.bind(uvm);
      uvm.removeScsiDisk = async (location, options) => {
        await remove(location, options);
        say("detached", { lun: location.lun });
      };
      return uvm;
    },
  };
}

function options(stateDirectory: string): PodOptions {
  mkdirSync(stateDirectory, { mode: 0o700 });
  return {
    id: "p1",
    namespace: "ns",
    stateDirectory,
    sizing: () => ({ processors: 1, maxProcessors: 3, memoryMiB: 256, maxMemoryMiB: 640 }),
    stack: watched(createQemuStack({ image: resolve("out/uvm") })),
    createGuest: ({ sockets }) => createGuest({ sockets }),
    limits: patientLimits,
    ports: podPorts(
      (event) => say("event", { line: eventLine(event) }),
      (message, cause) => say("warning", { message, cause: String(cause) }),
    ),
  };
}

const limits = (mebibytes: number, processors: number): object => ({
  memory: { limit: mebibytes << 20 },
  cpu: { period: 100_000, quota: processors * 100_000 },
});

const stdout = (name: string): string => join(directory, `${name}.out`);

async function save(): Promise<void> {
  const pod = new PodController(options(join(directory, "first")));
  const rootfs = [{ type: "ext4", source: join(directory, "root.img"), target: "", options: ["loop", "rw"] }];
  await pod.create(createRequest("c1", { bundle: join(directory, "c1"), rootfs, stdout: stdout("c1") }), rpc);
  await pod.start(init, rpc);
  await pod.update("c1", limits(256, 2), {}, rpc);
  say("running", { pid: pod.connect("c1").taskPid });
  while (!existsSync(join(directory, "go"))) await new Promise((next) => setTimeout(next, 50));
  say("saving");
  await pod.save(join(directory, "saved"), "terminate", rpc);
  say("saved");
  // Until it is killed.
  setInterval(() => {}, 1 << 30);
}

async function restore(): Promise<void> {
  say("restoring");
  const from = { directory: join(directory, "saved") };
  const pod = await PodController.restore(options(join(directory, "second")), from, rpc);
  say("restored", { pid: pod.connect("c1").taskPid, status: pod.state(init).status });
  while (!existsSync(join(directory, "stop"))) await new Promise((next) => setTimeout(next, 50));
  await pod.update("c1", limits(512, 3), {}, rpc);
  const size = "grep -c ^processor /proc/cpuinfo; grep MemTotal /proc/meminfo";
  const args = ["/bin/sh", "-c", `date +%s; cat /data/before; echo later >/data/after; ${size}`];
  const document = { cwd: "/", args, env: ["PATH=/bin:/sbin:/usr/bin"], user: { uid: 0, gid: 0 } };
  await pod.exec({ ...execRequest(), process: document, stdout: stdout("e1") });
  await pod.start({ id: "c1", execId: "e1" }, rpc);
  const exec = await pod.wait({ id: "c1", execId: "e1" }, rpc);
  await pod.kill(init, 15, false, rpc);
  const exit = await pod.wait(init, rpc);
  await pod.delete(init, rpc);
  say("over", { exec: exec.exitStatus, init: exit.exitStatus, busy: pod.busy() });
}

await (mode === "save" ? save() : restore());
