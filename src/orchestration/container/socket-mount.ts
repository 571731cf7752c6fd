import type { SpecMount } from "../../oci/spec.ts";

/** Of the type "uds" (nerdbox's): a unix socket of the host, which the runtime is to make reachable in the container. */
export function isSocketMount({ type }: SpecMount): boolean {
  return type === "uds";
}

/** The same as a bind, which runc knows. */
export function socketBind(mount: SpecMount): SpecMount {
  return { ...mount, type: "bind", options: [...(mount.options ?? []), "bind"] };
}
