import { Sandbox } from "../../src/generated/containerd/runtime/sandbox/v1.ts";
import { connect } from "../../src/ttrpc/socket.ts";
import type { ShimProgram } from "../harness/shim-program.ts";
import { until } from "../harness/until.ts";
import { alive, timed, vmProcesses } from "./observe.ts";
import { type ProgramTask, prepared, removed, requestOf, started } from "./program-task.ts";
import { type FaultRow, onProgram } from "./row.ts";

/** A running container, in the sandbox `sandbox` prepares if there is one. */
async function running(
  shim: ShimProgram,
  name: string,
  before: (task: ProgramTask) => Promise<void> = async () => {},
): Promise<ProgramTask & { readonly daemon: number }> {
  const begun = await started(shim, await prepared(shim, name));
  const daemon = shim.daemonOf(begun.id);
  await before(begun);
  await begun.task.create(requestOf(begun.id, begun.bundle));
  await begun.task.start({ id: begun.id, execId: "" });
  return { ...begun, daemon: daemon.pid };
}

function signalVm(shim: ShimProgram, signal: "SIGSTOP"): void {
  for (const { pid, title } of vmProcesses(shim)) if (title.includes("qemu-system")) process.kill(pid, signal);
}

const gone = (pid: number) => until("the daemon is gone", () => !alive(pid));

/** The end of a pod whose VM stands still, by each way that containerd or an operator has. */
export const wedgedEndRows: readonly FaultRow[] = [
  onProgram({
    fault: "guest wedged (SIGSTOP), then SIGTERM to the shim",
    stacks: ["qemu"],
    expected: "the daemon and its VM are gone in 5 s; delete in 4 s",
    async run(shim) {
      const pod = await running(shim, "term");
      signalVm(shim, "SIGSTOP");
      const ended = await timed(5, async () => {
        process.kill(pod.daemon, "SIGTERM");
        await gone(pod.daemon);
        await until("the VM is gone", () => vmProcesses(shim).length === 0);
      });
      return `the daemon and its VM are gone ${ended}; delete ${await timed(4, () => removed(shim, pod))}`;
    },
  }),
  onProgram({
    fault: "guest wedged (SIGSTOP), then shim delete",
    stacks: ["qemu"],
    expected: "delete in 4 s; the daemon and its VM are gone",
    async run(shim) {
      const pod = await running(shim, "delete");
      signalVm(shim, "SIGSTOP");
      const deleted = await timed(4, () => removed(shim, pod));
      await gone(pod.daemon);
      await until("the VM is gone", () => vmProcesses(shim).length === 0);
      return `delete ${deleted}; the daemon and its VM are gone`;
    },
  }),
  onProgram({
    fault: "guest wedged and its shim, too (SIGSTOP both): start of the same id, then shim delete",
    stacks: ["qemu"],
    expected: "start in 4 s; delete in 4 s; the daemon and its VM are gone",
    async run(shim) {
      const pod = await running(shim, "both");
      signalVm(shim, "SIGSTOP");
      process.kill(pod.daemon, "SIGSTOP");
      const again = await timed(4, () => shim.call(pod.id, ["start"], { bundle: pod.bundle }));
      const deleted = await timed(4, () => removed(shim, pod));
      await gone(pod.daemon);
      await until("the VM is gone", () => vmProcesses(shim).length === 0);
      return `start ${again}; delete ${deleted}; the daemon and its VM are gone`;
    },
  }),
  onProgram({
    fault: "guest wedged (SIGSTOP), its sandbox is stopped",
    stacks: ["qemu"],
    expected:
      "metrics told or refused in 4 s; StopSandbox in 5 s; its container ended; ShutdownSandbox in 5 s, and the daemon leaves",
    async run(shim, tell) {
      let sandbox: Awaited<ReturnType<typeof connect>> | undefined;
      const pod = await running(shim, "sandbox", async ({ address, id, bundle }) => {
        sandbox = await connect(address.trim().replace(/^unix:\/\//, ""));
        const request = { sandboxId: id, bundlePath: bundle, rootfs: [], options: undefined, netnsPath: "" };
        await sandbox.service(Sandbox).createSandbox({ ...request, annotations: new Map() });
        await sandbox.service(Sandbox).startSandbox({ sandboxId: id });
      });
      if (sandbox === undefined) throw new Error("no sandbox was made");
      const api = sandbox.service(Sandbox);
      const { id: sandboxId, task } = pod;
      const exit = task.wait({ id: sandboxId, execId: "" });
      signalVm(shim, "SIGSTOP");
      const begin = performance.now();
      const mark = (what: string): void => tell(`${what}: after ${(performance.now() - begin).toFixed(0)} ms`);
      const metrics = await timed(4, () => api.sandboxMetrics({ sandboxId }).catch(() => {}));
      mark("SandboxMetrics");
      const stopped = await timed(5, () => api.stopSandbox({ sandboxId, timeoutSecs: 0 }));
      mark("StopSandbox");
      await exit.catch(() => {});
      const shutdown = await timed(5, async () => {
        await api.shutdownSandbox({ sandboxId }).catch(() => {});
        await gone(pod.daemon);
      });
      mark("ShutdownSandbox");
      sandbox.close();
      await removed(shim, pod);
      return (
        `metrics told or refused ${metrics}; StopSandbox ${stopped}; its container ended; ` +
        `ShutdownSandbox ${shutdown}, and the daemon leaves`
      );
    },
  }),
];
