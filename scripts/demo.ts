/**
 * `make demo`: a private containerd, an image made of this host's busybox, a container run by `ctr` through the shim in a
 * VM, and at the end what ran where. `demo.ts local`: the same without a VM. Leaves nothing behind, and says so only after
 * it looked.
 */
import { readFileSync } from "node:fs";
import { release } from "node:os";
import { runOk } from "../test/harness/command.ts";
import { imageName } from "../test/harness/image.ts";
import { Machine } from "../test/harness/machine.ts";
import { runtimeUnderTest } from "../test/harness/runtime-under-test.ts";

const say = (text = ""): void => void process.stdout.write(`${text}\n`);
const step = (text: string): void => say(`\n== ${text}`);

step("a containerd of our own, and an image of this host's busybox");
const runtime = runtimeUnderTest("io.containerd.uvm.v1", process.argv[2] ?? "qemu");
const machine = await Machine.start({ runtime });
try {
  const { ctr, containerd } = machine;
  const version = (await runOk([containerd.binary, "--version"])).stdout.trim();
  say(`${version}\n${imageName}, loaded without network`);

  step("a container, in the foreground");
  const hello = 'echo "hello from $(hostname), pid $$, on $(uname -sr)"; busybox | head -n 1';
  const first = ctr.runArgv(machine.id("hello"), ["sh", "-c", hello], ["--rm"]);
  say(`$ ${shown(first)}`);
  process.stdout.write((await runOk(first)).stdout);

  const before = machine.traces.inventory();
  step("another one, in the background, and a second process in it");
  const id = machine.id("service");
  const second = ctr.runArgv(id, ["sleep", "1000"], ["--detach", "--null-io"]);
  say(`$ ${shown(second)}`);
  await runOk(second);
  const exec = ctr.execArgv(id, "look", ["ps", "-o", "pid,comm"]);
  say(`$ ${shown(exec)}`);
  process.stdout.write((await runOk(exec)).stdout);

  const pid = await ctr.pid(id);
  const daemon = machine.daemonOf(id);
  const kernel = (await runOk(ctr.execArgv(id, "kernel", ["uname", "-sr"]))).stdout.trim();
  step("what ran where");
  const rows = [
    ["containerd", `pid ${containerd.pid}, ${containerd.address}`],
    ["shim daemon", `pid ${daemon.pid}, ${daemon.title.split(" ")[0]}, ${residentMiB(daemon.pid)} MiB resident`],
    ...(runtime.stack.isVm ? vmRows(pid, kernel) : localRows(pid)),
  ];
  for (const [what, where] of rows) say(`${(what ?? "").padEnd(12)} ${where}`);

  step("removed");
  await ctr.ok("tasks", "kill", "--signal", "SIGKILL", id);
  await ctr.remove(id);
  await machine.traces.assertNoLeaks(before);
  say("no process, socket, mount, cgroup or FIFO of the containers is left");
} finally {
  await machine.close();
}
say("containerd is stopped, its directory removed");

/** A command line as one would type it: without the private addresses. */
function shown(argv: readonly string[]): string {
  const words = argv.map((word) => word.replaceAll(machine.traces.directory, "$DIR"));
  return words.map((word) => (/[^\w./:=@$-]/.test(word) ? `'${word}'` : word)).join(" ");
}

function localRows(init: number): string[][] {
  return [
    ["container", `pid ${init} of this host: ${commandLine(init)}`],
    ["stack", "local: no VM; the guest compute service runs in the shim daemon, runc on this host"],
    ["kernel", `${release()}, the host's own: the local stack isolates no more than runc does`],
  ];
}

/** Each process of the VM, and how little it may do here. */
function vmRows(qemu: number, guestKernel: string): string[][] {
  const processes = machine.traces.processes().filter(({ pid, title }) => pid === qemu || title.includes("virtiofsd"));
  return [
    ["stack", "qemu: a VM of its own for the pod; the guest compute service and runc run in it"],
    ...processes.map(({ pid, title }) => {
      const name = title.split(" ")[0]?.split("/").pop() ?? "";
      const [uid = ""] = statusOf(pid, "Uid").split("\t");
      const seccomp = statusOf(pid, "Seccomp") === "2" ? "seccomp filter" : "no seccomp filter";
      const rights = `uid ${uid}, ${seccomp}, capabilities ${BigInt(`0x${statusOf(pid, "CapEff")}`).toString(16)}`;
      return [name.slice(0, 11), `pid ${pid}, ${residentMiB(pid)} MiB resident, ${rights}`];
    }),
    ["container", `in the guest: no process of this host, whose pids it does not see either`],
    ["kernel", `${guestKernel} in the container, Linux ${release()} on this host`],
  ];
}

function statusOf(pid: number, field: string): string {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return new RegExp(`^${field}:\\s+(.*)$`, "m").exec(status)?.[1] ?? "";
}

function residentMiB(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round(Number(kib) / 1024);
}

function commandLine(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
}
