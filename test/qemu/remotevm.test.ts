/** Pods on the stack `remotevm`, under containerd, in VMs of `uvm-vmservice`. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { watchEvents } from "../harness/events.ts";
import { runtimeUnderTest } from "../harness/runtime-under-test.ts";
import { until } from "../harness/until.ts";
import { useMachine } from "../harness/use-machine.ts";
import { notBootable } from "./uvm.ts";

const alive = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.[0] !== "Z";
  } catch {
    return false;
  }
};

describe("a pod on the stack remotevm", { skip: notBootable() ?? false, timeout: 1_800_000 }, () => {
  const machine = useMachine({ runtime: runtimeUnderTest("io.containerd.uvm.v1", "remotevm") });

  it("runs in a VM with its files and a share, and ends with the service that is killed", async () => {
    const { ctr } = machine();
    const events = await watchEvents(ctr);
    const id = machine().id("pod");
    const inventory = machine().traces.inventory();
    const [share, log] = [machine().file("share"), machine().file("pod.log")];
    mkdirSync(share);
    writeFileSync(`${share}/from-host`, "hello of the host\n");
    const script = "uname -r; cat /share/from-host; echo shown; echo back >/share/from-guest; exec sleep 1000";
    const flags = [...["--mount", `type=bind,src=${share},dst=/share,options=rbind:rw`, "--log-uri", `file://${log}`]];
    await ctr.runDetached(id, ["sh", "-c", script], flags);
    await until("the container has written", () => readFileSync(log, "utf8").includes("shown"));
    const [kernel, greeting] = readFileSync(log, "utf8").split("\n");
    assert.notEqual(kernel, execFileSync("uname", ["-r"], { encoding: "utf8" }).trim());
    assert.equal(greeting, "hello of the host");
    await until("the share has what the guest wrote", () =>
      execFileSync("ls", [share], { encoding: "utf8" }).includes("from-guest"),
    );
    const failed = await ctr.exec(id, "e1", ["sh", "-c", "echo out; echo err >&2; exit 42"]);
    assert.deepEqual([failed.code, failed.stdout, failed.stderr], [42, "out\n", "err\n"]);

    // What containerd shows as the pid is the service, whose life is the VM's.
    const service = await ctr.pid(id);
    assert.match(readFileSync(`/proc/${service}/cmdline`, "latin1"), /uvm-vmservice/);
    process.kill(service, "SIGKILL");
    await events.waitFor(id, "/tasks/exit");
    await events.close();
    await ctr.remove(id);
    await machine().traces.assertNoLeaks(inventory);
  });

  it("leaves nothing when its daemon is killed: no service, no QEMU, no state", async () => {
    const { ctr } = machine();
    const events = await watchEvents(ctr);
    const id = machine().id("killed");
    const inventory = machine().traces.inventory();
    await ctr.runDetached(id, ["sleep", "1000"]);
    const service = await ctr.pid(id);
    process.kill(machine().daemonOf(id).pid, "SIGKILL");
    const exit = await events.waitFor(id, "/tasks/exit");
    assert.equal(exit.fields.exit_status, 137);
    await until("containerd forgets the task", async () => (await ctr.status(id)) === undefined);
    await until("the service is gone", () => !alive(service));
    await events.close();
    await ctr.ok("containers", "rm", id);
    await machine().traces.assertNoLeaks(inventory);
  });
});
