/** What a living VM pod can do. */
import { Machine } from "../../test/harness/machine.ts";
import { runtimeUnderTest } from "../../test/harness/runtime-under-test.ts";
import type { Metric, Section } from "./metric.ts";
import { OURS, timed } from "./shims.ts";

export async function benchVmLife(rounds: number): Promise<Section> {
  const machine = await Machine.start({ runtime: runtimeUnderTest(OURS, "qemu") });
  const pod = machine.id("life");
  const { ctr } = machine;
  try {
    await ctr.runDetached(pod, ["sleep", "100000"]);
    const laps = { exec: [] as number[], pause: [] as number[], resume: [] as number[] };
    for (let round = 0; round < rounds * 3; round++) {
      laps.exec.push(await timed(() => ctr.exec(pod, `e${round}`, ["true"])));
      laps.pause.push(await timed(() => ctr.ok("tasks", "pause", pod)));
      laps.resume.push(await timed(() => ctr.ok("tasks", "resume", pod)));
    }
    const metric = (id: string, title: string, ours: readonly number[]): Metric => ({ id, title, unit: "ms", ours });
    return {
      title: "In a VM that lives",
      about: "Through `ctr`.",
      metrics: [
        metric("vm-exec", "`ctr task exec true`", laps.exec),
        metric("vm-pause", "`ctr task pause`: the container, and with it the VM", laps.pause),
        metric("vm-resume", "`ctr task resume`", laps.resume),
      ],
    };
  } finally {
    await ctr.remove(pod);
    await machine.close();
  }
}
