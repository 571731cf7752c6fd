import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { run, runOk } from "../harness/command.ts";
import { imageName } from "../harness/image.ts";
import type { Inventory } from "../harness/leftovers.ts";
import { Machine } from "../harness/machine.ts";
import { until } from "../harness/until.ts";
import { Nerdctl, nerdctlMachine } from "./nerdctl.ts";

/** Ends with code 3 at SIGTERM. */
const server = [
  "mkdir /www; echo from-the-vm >/www/page; busybox httpd -p 80 -h /www",
  "trap 'exit 3' TERM; echo up; while :; do sleep 0.05; done",
].join("; ");

/** Few boots: what nerdctl does with the shim is tested on the stack `local`; here, what is another matter in a VM. */
describe("nerdctl, stack qemu", () => {
  let machine: Machine;
  let nerdctl: Nerdctl;
  let baseline: Inventory;

  before(async () => {
    machine = await Machine.start(nerdctlMachine("qemu"));
    nerdctl = new Nerdctl(machine);
    // The first container makes the namespace's own directories and cgroups, which then stay; this one takes no VM for it.
    await runOk(nerdctl.argv("run", "--rm", "--pull=never", "--net=bridge", "--publish=8080:80", imageName, "true"));
  });
  beforeEach(() => {
    baseline = machine.traces.inventory();
  });
  afterEach(async () => {
    await machine.traces.assertNoLeaks(baseline);
    assert.deepEqual(await leases(), []);
    assert.equal((await inside(["ip", "-o", "link", "show", "master", "nerdctl0"])).stdout, "");
  });
  after(() => machine?.close());

  /** A command of this host, run where containerd runs. */
  const inside = (argv: readonly string[]) => run(nerdctl.inside(argv));
  const fetch = (url: string) => inside(["timeout", "10", "/bin/busybox", "wget", "-q", "-O", "-", url]);

  /** The addresses that CNI holds for containers. */
  async function leases(): Promise<string[]> {
    const { stdout } = await inside(["sh", "-c", "ls /var/lib/cni/networks/bridge"]);
    return stdout.split("\n").filter((name) => /^\d+\./.test(name));
  }

  it("serves on a published port, with volumes and name servers, from run to rm", async () => {
    const [directory, file] = [machine.file("volume"), machine.file("single")];
    mkdirSync(directory);
    writeFileSync(`${directory}/given`, "to-the-vm\n");
    writeFileSync(file, "alone\n");
    const flags = [
      ...["--net=bridge", "--publish", "8080:80", "--dns", "10.9.8.7", "--hostname", "peer"],
      ...["--volume", `${directory}:/volume`, "--volume", `${file}:/etc/single:ro`],
    ];
    const name = await nerdctl.runDetached("web", ["sh", "-c", server], flags);
    const vms = machine.traces.processes().filter(({ title }) => /^\S*qemu-system/.test(title));
    assert.equal(vms.length, 1);

    const script = [
      "hostname; cat /etc/hosts | grep -c peer; grep nameserver /etc/resolv.conf; cat /volume/given /etc/single",
      "echo from-the-container >/volume/taken; echo no >/etc/single; ip -4 -o addr show eth0; exit 5",
    ].join("; ");
    const inspected = await nerdctl.call("exec", name, "sh", "-c", script);
    assert.match(inspected.stderr, /Read-only file system[\s\S]*exec failed with exit code 5/);
    const address = /inet ([\d.]+)/.exec(inspected.stdout)?.[1] ?? "";
    assert.deepEqual(inspected.stdout.split("\n").slice(0, 5), [
      ...["peer", "1", "nameserver 10.9.8.7", "to-the-vm", "alone"],
    ]);
    assert.equal(readFileSync(`${directory}/taken`, "utf8"), "from-the-container\n");
    assert.equal(readFileSync(file, "utf8"), "alone\n");
    assert.deepEqual(await leases(), [address]);

    for (const host of ["127.0.0.1:8080", `${address}:80`]) {
      const { stdout, stderr } = await fetch(`http://${host}/page`);
      assert.equal(stdout, "from-the-vm\n", `${host}: ${stderr}`);
    }
    assert.equal(await nerdctl.ok("logs", name), "up\n");

    await nerdctl.ok("stop", name);
    assert.equal(await nerdctl.inspect(name, "{{.State.Status}} {{.State.ExitCode}}"), "exited 3");
    await nerdctl.ok("rm", name);
    assert.notEqual((await fetch("http://127.0.0.1:8080/page")).code, 0);
  });

  it("runs in the foreground without a network: lo alone, stdout and stderr apart, the exit code", async () => {
    const { code, stdout, stderr } = await nerdctl.run(["sh", "-c", "ls /sys/class/net; echo err >&2; exit 42"]);
    const own = stderr.replace(/^time=.*forward signal.*\n/gm, "");
    assert.deepEqual({ code, stdout, own }, { code: 42, stdout: "lo\n", own: "err\n" });
  });

  it("gives address and port back when the shim's daemon is killed", async () => {
    const flags = ["--net=bridge", "--publish", "8080:80"];
    const name = await nerdctl.runDetached("killed", ["sleep", "1000"], flags);
    const id = await nerdctl.inspect(name, "{{.Id}}");
    assert.equal((await leases()).length, 1);
    process.kill(machine.daemonOf(id).pid, "SIGKILL");
    // An "rm" while the hooks run would trip them up. Containerd takes the bundle away after them.
    await until("the shim's remains are cleaned up", () => !existsSync(machine.bundle(id)));
    assert.deepEqual(await leases(), []);
    await nerdctl.ok("rm", "--force", name);
  });
});
