import type { ContainerView, PodView } from "./inspect.ts";

/** What a pod, or a container in it, used between two looks. */
export interface Load {
  readonly pod: string;
  /** Empty: the whole pod. */
  readonly container: string;
  readonly stack: string;
  /** Of one processor; 200: two of them, all the time. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  /** Undefined where nobody counts them: a pod's are those of its containers. */
  readonly pids: number | undefined;
}

/** Loads of what is there at the second look, the busiest pod first; what was not there at the first has used nothing yet. */
export function loadsBetween(before: readonly PodView[], after: readonly PodView[], seconds: number): Load[] {
  const percent = (now: number, then: number | undefined): number =>
    then === undefined || seconds <= 0 ? 0 : Math.max(0, Math.round(((now - then) / seconds) * 1000) / 10);
  const groups = after.map((pod) => {
    // A pod of the same name may be another by now.
    const earlier = before.find((one) => one.pid === pod.pid && one.namespace === pod.namespace && one.pod === pod.pod);
    const name = `${pod.namespace}/${pod.pod}`;
    const pids = pod.containers.reduce((all, { usage }) => all + (usage?.pids ?? 0), 0);
    const whole = {
      ...{ pod: name, container: "", stack: pod.stack, memoryBytes: pod.total.memoryBytes, pids },
      cpuPercent: percent(pod.total.cpuSeconds, earlier?.total.cpuSeconds),
    };
    const containers = pod.containers.flatMap((container) => loadOf(name, container, earlier, percent));
    return [whole, ...containers];
  });
  return groups.sort(([a], [b]) => (b?.cpuPercent ?? 0) - (a?.cpuPercent ?? 0)).flat();
}

function loadOf(
  pod: string,
  { id, usage }: ContainerView,
  earlier: PodView | undefined,
  percent: (now: number, then: number | undefined) => number,
): Load[] {
  if (usage === undefined) return [];
  const then = earlier?.containers.find((container) => container.id === id)?.usage;
  const { memoryBytes, pids } = usage;
  return [
    { pod, container: id, stack: "", cpuPercent: percent(usage.cpuSeconds, then?.cpuSeconds), memoryBytes, pids },
  ];
}
