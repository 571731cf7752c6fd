import { isKind } from "../../errors/shim-error.ts";
import type { Spec } from "../../oci/spec.ts";
import type { CreateSandbox } from "./ports.ts";

/** A sandbox's bundle has a spec only where containerd's client gave one. */
export function sandboxSpec(
  load: (bundle: string) => Spec,
  bundle: string,
  annotations: CreateSandbox["annotations"],
): Spec {
  try {
    const spec = load(bundle);
    return { ...spec, annotations: { ...spec.annotations, ...annotations } };
  } catch (cause) {
    if (!isKind(cause, "not-found")) throw cause;
    return { ociVersion: "1.0.2", annotations };
  }
}
