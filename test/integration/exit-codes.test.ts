import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Task as TaskV2 } from "../../src/generated/containerd/task/v2.ts";
import type { Client } from "../../src/ttrpc/client.ts";
import { connect } from "../../src/ttrpc/socket.ts";
import { socketPath } from "../harness/leftovers.ts";
import { useMachine } from "../harness/use-machine.ts";

/** 128 + n, for signals that end a process that does not catch them. Not QUIT, which busybox's shell ignores. */
const SIGNALS = { HUP: 129, INT: 130, ABRT: 134, KILL: 137, SEGV: 139, TERM: 143 } as const;
const AT_ONCE = 8;

describe("exit codes", () => {
  const machine = useMachine();

  /** Runs the script as an exec over the shim's own socket; the code by Start and Wait, and again by Delete. */
  async function exitOf(client: Client, id: string, execId: string, script: string): Promise<number> {
    const task = client.service(TaskV2);
    const process = { args: ["sh", "-c", script], cwd: "/", env: ["PATH=/bin:/usr/bin"], user: { uid: 0, gid: 0 } };
    const typeUrl = "types.containerd.io/opencontainers/runtime-spec/1/Process";
    const spec = { typeUrl, value: new TextEncoder().encode(JSON.stringify(process)) };
    await task.exec({ id, execId, terminal: false, stdin: "", stdout: "", stderr: "", spec });
    await task.start({ id, execId });
    const { exitStatus } = await task.wait({ id, execId });
    assert.equal((await task.delete({ id, execId })).exitStatus, exitStatus);
    return exitStatus;
  }

  it("of execs are what they exited with, 0 to 255, or 128 and their signal", async () => {
    const { ctr, containerd, namespace, runtime } = machine();
    const id = machine().id("codes");
    await ctr.runDetached(id, ["sleep", "1000"]);
    const client = await connect(socketPath(containerd.address, namespace, id));
    // In a VM a sample: each exec takes most of a second under emulation.
    const codes = runtime.stack.isVm ? [0, 1, 127, 128, 137, 143, 254, 255] : Array.from({ length: 256 }, (_, n) => n);
    const wanted = new Map<string, number>([
      ...codes.map((code) => [`exit ${code}`, code] as const),
      ...Object.entries(SIGNALS).map(([name, code]) => [`kill -${name} $$`, code] as const),
    ]);
    const seen = new Map<string, number>();
    const scripts = [...wanted.keys()];
    const worker = async (): Promise<void> => {
      for (let script = scripts.pop(); script !== undefined; script = scripts.pop()) {
        seen.set(script, await exitOf(client, id, `e${scripts.length}`, script));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    assert.deepEqual(new Map([...seen].sort()), new Map([...wanted].sort()));
    client.close();
    await ctr.remove(id);
  });

  it("of inits are those as well", async () => {
    const { ctr, runtime } = machine();
    const cases: readonly (readonly [script: string, code: number])[] = [
      ["exit 0", 0],
      ["exit 255", 255],
      // The init of a pid namespace is immune to its own signals.
      ["sh -c 'kill -TERM $$'; exit $?", 143],
    ];
    for (const [script, code] of runtime.stack.isVm ? cases.slice(1, 2) : cases) {
      assert.equal((await ctr.run(machine().id("init"), ["sh", "-c", script])).code, code, script);
    }
  });
});
