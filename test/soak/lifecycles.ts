import { setTimeout as delay } from "node:timers/promises";
import type { Machine } from "../harness/machine.ts";
import { until } from "../harness/until.ts";
import { atMost, equal, type Finding, figure, round, succeeds } from "./finding.ts";
import { type Footprint, runtimeThreads, settled } from "./footprint.ts";
import { type Amount, lifecycle, rounds, startPod, stopPod } from "./lifecycle.ts";

/**
 * What the daemon of a long-lived pod may grow by after the warm-up, however many containers came and went, in MiB: its live
 * objects, where a leak shows first (the JIT's code is among them, and comes over the first hundreds); the pages that it alone
 * has and wrote to, after a collection; and the most of these at any time, with the garbage that the runtime lets lie.
 */
export const bounds = { heap: 2, collected: 12, peak: 24 } as const;

/** Each container a pod of its own: the daemon goes with it, and nothing stays. */
export async function podLifecycles(machine: Machine, { count, atOnce, say }: Amount): Promise<Finding[]> {
  const before = machine.traces.inventory();
  const began = Date.now();
  let done = 0;
  await rounds(0, count, atOnce, async (number) => {
    await lifecycle(machine, number);
    done += 1;
    if (done % 100 === 0) say(`${done} pods, ${Math.round((Date.now() - began) / 1000)} s`);
  });
  return [
    equal("lifecycles of a pod of one container", count, done),
    figure("one of them, on average", `${Math.round((Date.now() - began) / count)} ms, ${atOnce} at once`),
    await succeeds("left on the host and in containerd", "nothing", () => machine.traces.assertNoLeaks(before, 30_000)),
  ];
}

/** All in one pod: its daemon holds afterwards what it held after the warm-up. */
export async function memberLifecycles(machine: Machine, { count, atOnce, say }: Amount): Promise<Finding[]> {
  const pod = await startPod(machine);
  const { pid } = machine.daemonOf(pod.id);
  const moment = async (): Promise<Footprint> => {
    const held = await settled(pid);
    say(`${done} members: ${describe(held)}, ${held.descriptors} descriptors, ${held.threads} threads`);
    return held;
  };
  const many = count >= 1000;
  const warmUp = Math.ceil(count / (many ? 10 : 3));
  let done = 0;
  const live = async (upTo: number): Promise<void> => {
    await rounds(done, upTo - done, atOnce, async (number) => {
      await lifecycle(machine, number, pod);
      done += 1;
    });
  };
  await live(warmUp);
  const first = await moment();
  await quiet(machine, pid);
  // Of the code that it let go of then, what members need comes back, and is compiled, over some hundreds.
  await live(Math.ceil((many ? 4 : 1.5) * warmUp));
  const warm = done;
  const heap = await heapOf(machine, pid);
  const collected = await settled(pid);
  const moments: Footprint[] = [];
  let grown = Number.NaN;
  let grownPages = Number.NaN;
  let left: Finding | undefined;
  await machine.traces.watching(pid, async () => {
    const before = machine.traces.inventory();
    while (done < count) {
      await live(Math.min(done + 100, count));
      moments.push(await moment());
    }
    grown = (await heapOf(machine, pid)) - heap;
    grownPages = (await settled(pid)).dirty - collected.dirty;
    left = await succeeds("left on the host, in containerd and in the daemon", "nothing", () =>
      machine.traces.assertNoLeaks(before, 30_000),
    );
  });
  await stopPod(machine, pod);
  const last = moments.at(-1) ?? first;
  const most = (key: keyof Footprint): number => Math.max(...moments.map((each) => each[key]));
  return [
    equal("lifecycles in one pod", count, done),
    figure(`the daemon after ${warmUp}`, describe(first)),
    figure(`the daemon after ${count}`, describe(last)),
    figure(`its live heap after ${warm}`, `${round(heap)} MiB`),
    atMost("growth of its live heap in between", bounds.heap, grown, "MiB"),
    figure(`its private dirty pages after ${warm}, collected`, `${round(collected.dirty)} MiB`),
    atMost("growth of its private dirty pages, collected", bounds.collected, grownPages, "MiB"),
    atMost("the most of these at any time, over that", bounds.peak, most("dirty") - collected.dirty, "MiB"),
    atMost("descriptors", first.descriptors, last.descriptors, ""),
    atMost("threads", first.threads + runtimeThreads, most("threads"), ""),
    ...(left === undefined ? [] : [left]),
  ];
}

function describe({ rss, pss, dirty }: Footprint): string {
  return `RSS ${rss.toFixed(1)}, PSS ${pss.toFixed(1)}, private dirty ${dirty.toFixed(1)} MiB`;
}

/**
 * Until the daemon has let go of the code of its start, as it does once, when it has been quiet for two seconds: that it
 * answers after these says that its timer has run before.
 */
async function quiet(machine: Machine, pid: number): Promise<void> {
  for (let answers = 0; answers < 24; answers++) {
    await heapOf(machine, pid);
    await delay(250);
  }
}

/** What the daemon's live objects hold, in MiB: it collects and tells on SIGUSR1, into containerd's log. */
async function heapOf(machine: Machine, pid: number): Promise<number> {
  const told = (): string[] =>
    [...machine.containerd.log().matchAll(new RegExp(`report: daemon.* pid=${pid} .*heapBytes=(\\d+)`, "g"))].map(
      ([, bytes]) => bytes ?? "",
    );
  const earlier = told().length;
  process.kill(pid, "SIGUSR1");
  const bytes = await until("the daemon's report", () => told()[earlier]);
  return Number(bytes) / 2 ** 20;
}
