import { type PodLimits, podLimits } from "../../src/orchestration/pod/ports.ts";

/** A host that takes most of a machine's time, and emulation on what is left. */
const SLOWER = 10;

function longer<T extends object>(bounds: T): T {
  const entries = Object.entries(bounds as Readonly<Record<string, number | object>>);
  return Object.fromEntries(
    entries.map(([name, bound]) => [name, typeof bound === "number" ? SLOWER * bound : longer(bound)]),
  ) as T;
}

/** Of pods in VMs whose tests are not about bounds: they end what hangs, and a healthy guest reaches none of them. */
export const patientLimits: PodLimits = longer(podLimits);
