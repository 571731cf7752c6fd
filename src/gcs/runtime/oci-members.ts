import { invalidArgument } from "../../errors/shim-error.ts";

type Json = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A member that must be an object where it is there. Throws invalid-argument. */
export function objectMember(parent: Json, name: string): Json | undefined {
  const value = parent[name];
  if (value === undefined || value === null) return undefined;
  if (!isRecord(value)) throw invalidArgument(`OCI specification: ${name} is not an object`);
  return value;
}

/** The command line for logs and stack dumps. Throws invalid-argument for a process that nothing can be run of. */
export function commandOf(ociProcess: Json): string {
  const args = ociProcess.args;
  if (!Array.isArray(args) || args.length === 0 || args.some((arg) => typeof arg !== "string")) {
    throw invalidArgument("OCI process: args must be a list of strings and must not be empty");
  }
  return args.join(" ");
}

/** True where the container has a pid namespace of its own, so that the kernel ends its processes with the init. */
export function ownsPidNamespace(specification: Json): boolean {
  const namespaces = objectMember(specification, "linux")?.namespaces;
  if (!Array.isArray(namespaces)) return false;
  return namespaces.some((entry) => isRecord(entry) && entry.type === "pid" && !entry.path);
}

/** Where hcsshim's host names the pod's network namespace; undefined for none. */
export function networkNamespaceId(specification: Json): string | undefined {
  const windows = objectMember(specification, "windows");
  const id = windows && objectMember(windows, "network")?.networkNamespace;
  return typeof id === "string" && id !== "" ? id : undefined;
}

/** The specification with that network namespace, in place of a private one or none. */
export function withNetworkNamespace(specification: Json, path: string): Json {
  const linux = objectMember(specification, "linux") ?? {};
  const given = Array.isArray(linux.namespaces) ? linux.namespaces : [];
  const others = given.filter((entry) => !isRecord(entry) || entry.type !== "network");
  return { ...specification, linux: { ...linux, namespaces: [...others, { type: "network", path }] } };
}

/** "sandbox", "container", or undefined for a container without a pod. Throws invalid-argument for another word. */
export function podRole(specification: Json): "sandbox" | "container" | undefined {
  const role = objectMember(specification, "annotations")?.["io.kubernetes.cri.container-type"];
  if (role === undefined || role === "sandbox" || role === "container") return role;
  throw invalidArgument(
    `OCI specification: annotation io.kubernetes.cri.container-type is ${typeof role === "string" ? JSON.stringify(role) : typeof role}: use sandbox or container`,
  );
}
