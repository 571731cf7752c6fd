import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Settings } from "../../../src/config/settings.ts";
import { notFound } from "../../../src/errors/shim-error.ts";
import { loadSpec } from "../../../src/oci/spec.ts";
import { readBundleRecord } from "../../../src/shim/records.ts";
import { runningPods } from "../targets.ts";
import type { ContainerSpec } from "./effective-annotations.ts";

/** What a running pod was started with: its settings, and its containers' specs, the first one first. */
export function configOfPod(pod: string, runDirectory: string): { settings: Settings; containers: ContainerSpec[] } {
  const running = runningPods(runDirectory).find(
    ({ namespace, id, socketPath }) => pod === `${namespace}/${id}` || pod === socketPath,
  );
  if (running === undefined) throw notFound(`no pod ${pod} under ${runDirectory}: uvmctl ls lists them`);
  const record = readBundleRecord(running.bundle);
  if (record === undefined) throw notFound(`pod ${pod} has left no record of its start in ${running.bundle}`);
  const first = basename(running.bundle);
  // Bundles of one namespace stand beside each other.
  const bundles = dirname(running.bundle);
  const members = readdirSync(bundles)
    .filter((id) => id !== first && readBundleRecord(join(bundles, id))?.stateDirectory === record.stateDirectory)
    .sort();
  return { settings: record.settings, containers: [first, ...members].flatMap((id) => specOf(bundles, id)) };
}

/** A sandbox without a container of its own has no spec. */
function specOf(bundles: string, id: string): ContainerSpec[] {
  try {
    return [{ id, spec: loadSpec(join(bundles, id)) }];
  } catch {
    return [];
  }
}
