import { resolve } from "node:path";
import { invalidArgument, unimplemented } from "../../errors/shim-error.ts";
import type { ContainerDocument } from "../../guestmanager/guest.ts";
import type { Spec } from "../../oci/spec.ts";
import type { ContainerVm } from "./ports.ts";
import { isSocketMount, socketBind } from "./socket-mount.ts";

export interface DocumentSource {
  readonly id: string;
  readonly bundle: string;
  /** Host directory for the guest's own copy of the bundle. */
  readonly guestBundle: string;
  readonly spec: Spec;
}

/**
 * The document for a guest that sees host paths. Only the root's path changes: it is relative to containerd's bundle, and
 * the guest runs the container from a bundle of its own.
 */
export function guestDocument(source: DocumentSource, uvm: ContainerVm["uvm"]): ContainerDocument {
  const { id, bundle, spec } = source;
  if (spec.root === undefined) throw invalidArgument(`container ${id}: its config.json has no root; cannot create it`);
  const path = uvm.guestPath(resolve(bundle, spec.root.path));
  const ociBundlePath = uvm.guestPath(source.guestBundle);
  if (path === undefined || ociBundlePath === undefined) {
    throw unimplemented(`container ${id}: the guest of stack ${uvm.stack} does not see the host's paths`);
  }
  const mounts = spec.mounts?.map((mount) => (isSocketMount(mount) ? socketBind(mount) : mount));
  const root = { ...spec.root, path };
  return { ociBundlePath, ociSpecification: { ...spec, root, ...(mounts && { mounts }) } };
}

/** Its processes outlive the init: the pid namespace is not its own (runc's shim: ShouldKillAllOnExit). */
export function sharesPids(spec: Spec): boolean {
  const own = spec.linux?.namespaces?.find((namespace) => namespace.type === "pid");
  return own === undefined || (own.path ?? "") !== "";
}
