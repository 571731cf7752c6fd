import { armFailpoints } from "../../src/failpoint/failpoint.ts";
import { loadSpec } from "../../src/oci/spec.ts";

/** Those of the environment, and of the container in whose bundle we were started: for a daemon its pod's first. */
export function armOwnFailpoints(): void {
  armFailpoints(process.env, annotationsOf(process.cwd()));
}

function annotationsOf(bundle: string): Readonly<Record<string, string>> {
  try {
    return loadSpec(bundle).annotations ?? {};
  } catch {
    // No bundle, or one that the caller will complain about.
    return {};
  }
}
