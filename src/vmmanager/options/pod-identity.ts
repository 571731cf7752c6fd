import { pod } from "../../config/annotations/pod.ts";
import { invalidArgument } from "../../errors/shim-error.ts";
import type { AnnotationReader } from "./annotation-reader.ts";

/** What a container is to CRI; a "task" is none of its, and a sandbox and container in one. */
export type PodRole =
  | { readonly kind: "task" }
  | { readonly kind: "sandbox"; readonly sandboxId: string }
  | { readonly kind: "container"; readonly sandboxId: string };

/** Throws invalid-argument for a type or an id without the other, and for an unknown type. */
export function readPodRole(read: AnnotationReader): PodRole {
  const kind = read.text(pod.containerType);
  const sandboxId = read.text(pod.sandboxId);
  if (kind === "" && sandboxId === "") return { kind: "task" };
  if (kind !== "" && kind !== "sandbox" && kind !== "container") {
    throw invalidArgument(`annotation ${pod.containerType.name} is ${JSON.stringify(kind)}: not sandbox or container`);
  }
  if (kind === "") throw invalidArgument(`annotation ${pod.sandboxId.name} needs ${pod.containerType.name}`);
  if (sandboxId === "") throw invalidArgument(`annotation ${pod.containerType.name} needs ${pod.sandboxId.name}`);
  return { kind, sandboxId };
}

/** Of a pod in a VM that several share, of its network, and of its migration. Empty texts: not so. */
export interface PodOptions {
  readonly skipNetworking: boolean;
  readonly tenantSandbox: string;
  readonly virtualPod: string;
  readonly ncproxyKnowsContainer: boolean;
  /** At the destination of a migration: what the container was called at its source. */
  readonly migrationSource: string;
}

export function readPodOptions(read: AnnotationReader): PodOptions {
  return {
    skipNetworking: read.bool(pod.skipNetworking, false),
    tenantSandbox: read.text(pod.tenantSandbox),
    virtualPod: read.text(pod.virtualPod),
    ncproxyKnowsContainer: read.bool(pod.ncproxyContainer, false),
    migrationSource: read.text(pod.migrationSource),
  };
}
