import { describe, it } from "node:test";
import { runtimeUnderTest } from "../harness/runtime-under-test.ts";
import { useMachine } from "../harness/use-machine.ts";
import { crowd } from "../soak/crowd.ts";
import { assertAll } from "../soak/finding.ts";
import { memberLifecycles } from "../soak/lifecycles.ts";
import { restarts } from "../soak/restart.ts";

const { isPeer, stack } = runtimeUnderTest();
const skip = isPeer && "what is asked of the daemon's memory, and how, is our shim's";
const { soak } = stack;

describe("the soak in its short form", { skip }, () => {
  const machine = useMachine();
  const amount = (count: number) => ({ count, atOnce: 2, say: () => undefined });

  // A few containers, which is what time allows in a VM, do not show a trend.
  if (soak.members > 0) {
    it(`a daemon has after ${soak.members} containers what it had before: heap, descriptors, threads`, async () => {
      assertAll(await memberLifecycles(machine(), amount(soak.members)));
    });
  }

  it(`${soak.crowd} containers at once in one pod run, answer, and go`, async () => {
    assertAll(await crowd(machine(), amount(soak.crowd)));
  });

  it(`${soak.restarts} pods are found again by a containerd that ended by SIGTERM, and by SIGKILL`, async () => {
    assertAll(await restarts(machine(), amount(soak.restarts)));
  });
});
