/** Network namespaces by path, as CNI hands them over (a bind mount of a thread's ns/net) and as we make our own. */
import { bringLoopbackUp } from "./guest-system.ts";
import { inNamespaceOf, makeNamespace, removeNamespace } from "./namespace.ts";

/** As `inNamespaceOf`. What is made there stays there: sockets, taps, child processes. */
export function inNetworkNamespace<T>(path: string, work: () => T): T {
  return inNamespaceOf("net", path, work);
}

/** A new namespace, its loopback up, kept by a mount on `path`, which is made. Throws EEXIST. */
export function makeNetworkNamespace(path: string): void {
  makeNamespace("net", path, bringLoopbackUp);
}

export const removeNetworkNamespace = removeNamespace;
