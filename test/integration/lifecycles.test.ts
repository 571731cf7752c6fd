import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { podFlags } from "../harness/ctr.ts";
import type { Machine } from "../harness/machine.ts";
import { runtimeUnderTest } from "../harness/runtime-under-test.ts";
import { useMachine } from "../harness/use-machine.ts";

const { lifecycles, lifecyclesAtOnce, members } = runtimeUnderTest().stack.rounds;

describe("many lifecycles in one containerd", () => {
  const machine = useMachine();

  it(`leave no process, descriptor, socket, mount, cgroup or FIFO after ${lifecycles}`, async () => {
    const before = machine().traces.inventory();
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < lifecycles) await lifecycle(machine(), next++);
    };
    await Promise.all(Array.from({ length: lifecyclesAtOnce }, worker));
    assert.equal(next, lifecycles);
    await machine().traces.assertNoLeaks(before);
  });

  it("leave the daemon of a long-lived pod with the descriptors that it had", async () => {
    const { ctr } = machine();
    const pod = machine().id("pod");
    const member = podFlags(pod, "container");
    await ctr.runDetached(pod, ["sleep", "1000"], [...podFlags(pod, "sandbox"), "--null-io"]);
    // The first member opens what the daemon keeps for all.
    assert.equal((await ctr.run(machine().id("first"), ["true"], member)).code, 0);
    assert.equal((await ctr.exec(pod, "first", ["true"])).code, 0);
    await machine().traces.watching(machine().daemonOf(pod).pid, async () => {
      const before = machine().traces.inventory();
      for (let round = 0; round < members; round++) {
        const { code, stdout } = await ctr.run(machine().id("member"), ["echo", `${round}`], member);
        assert.deepEqual([code, stdout], [0, `${round}\n`]);
        assert.equal((await ctr.exec(pod, `e${round}`, ["sh", "-c", "exit 3"])).code, 3);
      }
      await machine().traces.assertNoLeaks(before);
    });
    await ctr.remove(pod);
  });
});

/** Four kinds in turn: a quick one, one with input and output, one with an exec, one that is killed. */
async function lifecycle(machine: Machine, round: number): Promise<void> {
  const { ctr } = machine;
  const id = machine.id(`life${round}`);
  switch (round % 4) {
    case 0: {
      assert.equal((await ctr.run(id, ["sh", "-c", `exit ${round % 100}`])).code, round % 100);
      return;
    }
    case 1: {
      const input = `${round}\n`.repeat(1000);
      const { code, stdout } = await ctr.run(id, ["cat"], [], { echoedInput: input });
      assert.equal(code, 0);
      assert.equal(stdout, input);
      return;
    }
    case 2: {
      await ctr.runDetached(id, ["sleep", "1000"]);
      const { code, stdout, stderr } = await ctr.exec(id, "e1", ["echo", "x"]);
      assert.deepEqual([code, stdout, stderr], [0, "x\n", ""]);
      break;
    }
    default:
      await ctr.runDetached(id, ["sleep", "1000"], []);
      await ctr.ok("tasks", "kill", "--signal", "SIGKILL", id);
  }
  await ctr.remove(id);
}
