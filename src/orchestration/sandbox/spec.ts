import { posix } from "node:path";
import { isKind } from "../../errors/shim-error.ts";
import type { Spec, SpecLinux } from "../../oci/spec.ts";
import type { CreateSandbox } from "./ports.ts";

/**
 * What the sandbox's VM is made from. Its bundle has a spec only where containerd's client gave one. `network`: the
 * namespace for the VM's processes, undefined for this host's.
 */
export function sandboxSpec(
  load: (bundle: string) => Spec,
  { id, bundle, annotations, config }: CreateSandbox,
  network: string | undefined,
): Spec {
  const spec = loaded(load, bundle);
  const others = spec.linux?.namespaces?.filter(({ type }) => type !== "network") ?? [];
  const namespaces = network === undefined ? others : [...others, { type: "network", path: network }];
  const parent = config?.cgroupParent ?? "";
  const linux: SpecLinux = {
    ...spec.linux,
    namespaces,
    // As CRI names a container's own. systemd's form names no directory.
    ...(parent.startsWith("/") && !parent.endsWith(".slice") && { cgroupsPath: posix.join(parent, id) }),
  };
  return { ...spec, annotations: { ...spec.annotations, ...annotations }, linux };
}

function loaded(load: (bundle: string) => Spec, bundle: string): Spec {
  try {
    return load(bundle);
  } catch (cause) {
    if (!isKind(cause, "not-found")) throw cause;
    return { ociVersion: "1.0.2" };
  }
}
