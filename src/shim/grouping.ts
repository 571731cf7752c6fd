import { containerdOwn, pod } from "../config/annotations/pod.ts";
import { invalidArgument, isKind } from "../errors/shim-error.ts";
import { loadSpec } from "../oci/spec.ts";

/** In order of precedence; the value is the id of the pod whose daemon serves the container. */
const GROUP_ANNOTATIONS = [containerdOwn.group.name, pod.sandboxId.name];

/**
 * The pod that a new container belongs to: what its annotations say, else itself (reference: containerd-shim, 1.12). A
 * sandbox's bundle has no config.json. Throws invalid-argument for a group that can't be a directory's name or a spec
 * that is not one.
 */
export function podOf(bundle: string, id: string): string {
  let annotations: Readonly<Record<string, string>>;
  try {
    annotations = loadSpec(bundle).annotations ?? {};
  } catch (error) {
    if (isKind(error, "not-found")) return id;
    throw error;
  }
  for (const name of GROUP_ANNOTATIONS) {
    const group = annotations[name];
    if (group === undefined || group === "") continue;
    if (group.length > 255 || !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(group)) {
      throw invalidArgument(
        `annotation ${name} of ${id} is ${JSON.stringify(group.slice(0, 80))}: a group is an identifier of letters, ` +
          `digits, ".", "_", "-"`,
      );
    }
    return group;
  }
  return id;
}
