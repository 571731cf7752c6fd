import type { Spec, SpecNamespace } from "../../oci/spec.ts";
import { POD_NAMESPACE } from "../../prot/resources/pod.ts";

/** What the containers of a sandbox share. */
export interface SharedNamespaces {
  /** `none`: what was named cannot be joined. `host`: the network of whatever runs the containers. */
  readonly network: { readonly path: string } | "host" | "none";
  readonly sysctls: Readonly<Record<string, string>>;
}

/** Those that the guest keeps for its pod; only the host knows of the pod's network. */
const KEPT = new Set(["ipc", "pid", "uts"]);
const OF_NETWORK = /^net\./;
const OF_IPC = /^(kernel\.(shm|msg|sem)|fs\.mqueue\.)/;

/**
 * The spec of a member of a sandbox that has no container of its own. That a namespace has a path says that it is shared with
 * the sandbox; whose process the path names, nobody can know who wrote it. All share the pod's network but those that ask for
 * a private one. The sandbox's sysctls come with the namespaces that they are of.
 */
export function memberSpec(spec: Spec, { network, sysctls }: SharedNamespaces): Spec {
  const given = spec.linux?.namespaces ?? [];
  const ownNetwork = given.some(({ type, path }) => type === "network" && !path);
  const others = given.filter(({ type }) => type !== "network").map(kept);
  const namespaces = [...others, ...(ownNetwork || network === "none" ? [{ type: "network" }] : joined(network))];
  const sharesIpc = others.some(({ type, path }) => type === "ipc" && path === POD_NAMESPACE);
  const sharesNetwork = !ownNetwork && typeof network === "object";
  const applied = Object.entries(sysctls).filter(
    ([name]) => (sharesNetwork && OF_NETWORK.test(name)) || (sharesIpc && OF_IPC.test(name)),
  );
  const sysctl = { ...Object.fromEntries(applied), ...(spec.linux?.sysctl as object | undefined) };
  const linux = { ...spec.linux, namespaces, ...(Object.keys(sysctl).length > 0 && { sysctl }) };
  return { ...spec, linux };
}

function kept(namespace: SpecNamespace): SpecNamespace {
  return namespace.path && KEPT.has(namespace.type) ? { type: namespace.type, path: POD_NAMESPACE } : namespace;
}

function joined(network: { readonly path: string } | "host"): SpecNamespace[] {
  return network === "host" ? [] : [{ type: "network", path: network.path }];
}
