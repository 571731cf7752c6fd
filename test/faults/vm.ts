import { setTimeout as sleep } from "node:timers/promises";
import { ShimDiag } from "../../src/generated/containerd/runhcs/v1/diag.ts";
import { connect } from "../../src/ttrpc/socket.ts";
import { watchEvents } from "../harness/events.ts";
import { socketPath } from "../harness/leftovers.ts";
import type { Machine } from "../harness/machine.ts";
import { until } from "../harness/until.ts";
import { exitsOf, timed, vmProcesses } from "./observe.ts";
import { type FaultRow, onContainerd } from "./row.ts";

const stacks = ["qemu"] as const;

/** What the daemon's log says of the end of the container's VM; the name of the container left out. */
function reasonOf(machine: Machine, id: string): string {
  const lines = machine.containerd
    .log()
    .split("\n")
    .filter((line) => line.includes(id) && line.includes("ended under its containers"));
  return lines.length === 1 ? (lines[0] ?? "") : `${lines.length} lines tell of the VM's end`;
}

/** Begins a shell line in the guest itself; one that never ends there is left after ten seconds, in which any guest has begun it. */
async function inGuest(machine: Machine, id: string, line: string): Promise<void> {
  const client = await connect(socketPath(machine.containerd.address, machine.namespace, id));
  const none = { terminal: false, stdin: "", stdout: "", stderr: "" };
  const done = client.service(ShimDiag).diagExecInHost({ args: ["/bin/sh", "-c", line], workdir: "/", ...none });
  await Promise.race([done.catch(() => {}), sleep(10_000, undefined, { ref: false })]);
  client.close();
  await done.catch(() => {});
}

/** A guest that ends: told at once, with the reason. */
function ended(
  what: string,
  fell: (machine: Machine, id: string) => Promise<void>,
  reason: RegExp,
  expected: string,
): FaultRow {
  return onContainerd({
    fault: what,
    stacks,
    expected,
    async run(machine) {
      const { ctr } = machine;
      const events = await watchEvents(ctr);
      const id = machine.id("ended");
      await ctr.runDetached(id, ["sleep", "1000"]);
      const second = await ctr.execInBackground(id, "second", ["sleep", "1000"]);
      await fell(machine, id);
      await second.result();
      await events.waitFor(id, "/tasks/exit");
      const status = await ctr.status(id);
      const why = reasonOf(machine, id);
      await ctr.ok("tasks", "rm", id);
      await ctr.ok("containers", "rm", id);
      const told = exitsOf(events, id);
      await events.close();
      return `${told}; ${status}; ${reason.exec(why)?.[0] ?? why}; deleted`;
    },
  });
}

/** A VM that answers nobody: killed and deleted in the time of these calls. */
function still(what: string, stop: (machine: Machine, id: string) => Promise<void>): FaultRow {
  return onContainerd({
    fault: what,
    stacks,
    expected: "kill and delete in 17 s; exit init 255; QEMU and virtiofsd are gone",
    async run(machine) {
      const { ctr } = machine;
      const events = await watchEvents(ctr);
      const id = machine.id("still");
      await ctr.runDetached(id, ["sleep", "1000"]);
      await stop(machine, id);
      // 4 s for a sign of life, then the VM's time to end (5 s); the rest is a busy host's.
      const took = await timed(17, async () => {
        await ctr.call(["tasks", "kill", "--signal", "SIGKILL", id]);
        await events.waitFor(id, "/tasks/exit");
        await ctr.ok("tasks", "rm", id);
      });
      await ctr.ok("containers", "rm", id);
      const told = exitsOf(events, id);
      await events.close();
      const left = vmProcesses(machine).length;
      return `kill and delete ${took}; ${told}; QEMU and virtiofsd are ${left === 0 ? "gone" : "there"}`;
    },
  });
}

export const vmRows: readonly FaultRow[] = [
  onContainerd({
    fault: "VMM SIGKILL",
    stacks,
    expected: "told in 1 s: exit second 255, exit init 255; STOPPED; QEMU was killed (SIGKILL); deleted",
    async run(machine) {
      const { ctr } = machine;
      const events = await watchEvents(ctr);
      const id = machine.id("killed");
      await ctr.runDetached(id, ["sleep", "1000"]);
      const second = await ctr.execInBackground(id, "second", ["sleep", "1000"]);
      process.kill(await ctr.pid(id), "SIGKILL");
      const exits = () => events.of(id).filter(({ topic }) => topic === "/tasks/exit").length;
      const took = await timed(1, () => until("both exits are told", () => exits() === 2));
      await second.result();
      const status = await ctr.status(id);
      const why = /QEMU was killed \(SIGKILL\)/.exec(reasonOf(machine, id))?.[0] ?? reasonOf(machine, id);
      await ctr.ok("tasks", "rm", id);
      await ctr.ok("containers", "rm", id);
      const told = exitsOf(events, id);
      await events.close();
      return `told ${took}: ${told}; ${status}; ${why}; deleted`;
    },
  }),
  still("VMM hangs (SIGSTOP)", async ({ ctr }, id) => void process.kill(await ctr.pid(id), "SIGSTOP")),
  still("guest agent hangs (frozen; its kernel goes on)", (machine, id) => {
    const cgroup = "/sys/fs/cgroup/frozen";
    return inGuest(machine, id, `mkdir ${cgroup}; echo 1 >${cgroup}/cgroup.procs; echo 1 >${cgroup}/cgroup.freeze`);
  }),
  ended(
    "guest agent killed (SIGSEGV)",
    (machine, id) => inGuest(machine, id, "kill -SEGV 1"),
    /kernel panicked \(Kernel panic - not syncing: Attempted to kill init!/,
    "exit second 255, exit init 255; STOPPED; kernel panicked (Kernel panic - not syncing: Attempted to kill init!; deleted",
  ),
  ended(
    "guest kernel panic",
    (machine, id) => inGuest(machine, id, "echo c >/proc/sysrq-trigger"),
    /kernel panicked \(Kernel panic - not syncing: sysrq triggered crash\); last on its console: /,
    "exit second 255, exit init 255; STOPPED; kernel panicked (Kernel panic - not syncing: sysrq triggered crash); last on its console: ; deleted",
  ),
  onContainerd({
    fault: "guest kernel panic in its boot",
    stacks,
    expected: "create fails: ended while it booted, kernel panicked (Kernel panic - not syncing: VFS",
    async run(machine) {
      const ctr = machine.ctrWith('stack = "qemu"\n[qemu]\nkernel_arguments = "rdinit=/no/such/program"\n');
      const id = machine.id("noboot");
      const { code, stderr } = await ctr.call(ctr.runArgv(id, ["true"]).slice(5));
      await ctr.remove(id);
      const why = /ended while it booted: .*(kernel panicked \(Kernel panic - not syncing: VFS)/.exec(stderr)?.[1];
      return `create ${code === 0 ? "succeeds" : "fails"}: ${why === undefined ? stderr : `ended while it booted, ${why}`}`;
    },
  }),
  onContainerd({
    fault: "clock jump: the host sleeps (the VM stands still for 5 s: paused, then SIGSTOP)",
    stacks,
    expected: "paused: the guest's clock is right; SIGSTOP: the guest's clock is right",
    async run(machine) {
      const { ctr } = machine;
      const id = machine.id("clock");
      await ctr.runDetached(id, ["sleep", "1000"]);
      let round = 0;
      const compared = async (): Promise<string> => {
        // Whole seconds, and less than the VM stood still.
        const before = Math.floor(Date.now() / 1000) - 2;
        const guest = Number((await ctr.exec(id, `date${round++}`, ["date", "+%s"])).stdout);
        const after = Date.now() / 1000 + 2;
        return before <= guest && guest <= after ? "right" : `${guest}, wanted ${before} to ${after}`;
      };
      await ctr.ok("tasks", "pause", id);
      await sleep(5000);
      await ctr.ok("tasks", "resume", id);
      const paused = await compared();
      const pid = await ctr.pid(id);
      process.kill(pid, "SIGSTOP");
      await sleep(5000);
      process.kill(pid, "SIGCONT");
      const stopped = await compared();
      await ctr.remove(id);
      return `paused: the guest's clock is ${paused}; SIGSTOP: the guest's clock is ${stopped}`;
    },
  }),
];
