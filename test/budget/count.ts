import { setTimeout as sleep } from "node:timers/promises";
import { CountedPod } from "./counted-pod.ts";

/** What is counted, under a name that says of what it is. */
export type Counts = Readonly<Record<string, number>>;

const CALLS = 200;
const LIVES = 5;
/** A daemon gives back memory after its last work, by steps; then it has nothing to do. */
const SETTLED_MS = 8000;
const IDLE_MS = 5000;
/** More of them than the timers of an idle daemon make: something else is at work. */
const IDLE_WAKE_UPS = 100;

/** What a pod's life takes on this stack, in counts that hold on any machine: see `slack` for how far. */
export async function count(stack: "local" | "qemu"): Promise<Counts> {
  const pod = await CountedPod.start(stack);
  const repeat = async (times: number, work: () => Promise<void>): Promise<void> => {
    for (let round = 0; round < times; round++) await work();
  };
  /** The least of some: one in which the daemon happened to give back memory would tell of that. */
  const leastCalls = async (work: () => Promise<void>): Promise<number> => {
    const each: number[] = [];
    await repeat(LIVES, async () => void each.push(await pod.systemCalls(work)));
    return Math.min(...each);
  };
  /** As above: the first window in which the daemon has nothing of its own to do, or the least of all. */
  const leastWakeUps = async (): Promise<number> => {
    let least = Number.POSITIVE_INFINITY;
    for (let window = 0; window < LIVES && least > IDLE_WAKE_UPS; window++)
      least = Math.min(least, await pod.wakeUps(() => sleep(IDLE_MS)));
    return least;
  };
  const members = stack === "local" ? 10 : 2;
  const counts: Record<string, number> = {};
  const put = (prefix: string, tally: Counts): void => {
    for (const [name, value] of Object.entries(tally)) counts[`${prefix} ${name}`] = value;
  };
  const life = (): Promise<void> => pod.life();
  const exec = (): Promise<void> => pod.exec();
  try {
    // Code that runs for the first time is loaded then.
    await life();
    await exec();
    if (stack === "local") {
      put("container: runc", await pod.runcCommands(life));
      put("exec: runc", await pod.runcCommands(exec));
      // Not of a VM: a life in one may take so long that the daemon gives back memory in each.
      counts["container: system calls"] = await leastCalls(life);
      counts["exec: system calls"] = await leastCalls(exec);
    }
    put("container: bridge", await pod.bridgeMessages(life));
    put("exec: bridge", await pod.bridgeMessages(exec));
    counts["descriptors of a pod of one"] = await pod.descriptors();
    const ends: (() => Promise<void>)[] = [];
    await repeat(members, async () => void ends.push(await pod.member()));
    counts["descriptors of a pod of many"] = await pod.descriptors();
    for (const end of ends) await end();
    await sleep(SETTLED_MS);
    counts["idle: wake-ups in 5 s"] = await leastWakeUps();
    counts["State: system calls"] = (await leastCalls(() => repeat(CALLS, () => pod.state()))) / CALLS;
    // Last: events go their own way, and by now those of all before have come.
    put("container: event", await pod.events(life, "delete"));
    return counts;
  } finally {
    await pod.close();
  }
}

/**
 * How far above its record a count may be. What the code decides is exact; system calls depend on how bytes arrive, and
 * wake-ups on what else the runtime's threads do (its collector looks around once a second).
 */
export function allowed(name: string, recorded: number): number {
  if (name.endsWith("system calls")) return recorded * 1.4;
  if (name.startsWith("idle")) return recorded + 100;
  return name.startsWith("descriptors") ? recorded + 2 : recorded;
}
