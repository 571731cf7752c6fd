import { pod } from "../../config/annotations/pod.ts";
import type { Spec } from "../../oci/spec.ts";

/** The pod of a container, as hcsshim's paths and pipes in the guest name it: CRI's sandbox, else its own. */
export function podIdOf({ annotations }: Spec, id: string): string {
  return annotations?.[pod.sandboxId.name] || id;
}
