import { invalidArgument } from "../../errors/shim-error.ts";
import type { Spec, SpecLinux, SpecMount, SpecNamespace, SpecProcess } from "../../oci/spec.ts";
import { POD_NAMESPACE } from "../../prot/resources/pod.ts";

/** Where the container is in the guest, and what of its pod is there already. */
export interface GuestPlace {
  readonly id: string;
  readonly rootPath: string;
  /** All of them, in the spec's order. */
  readonly mounts: readonly SpecMount[];
  /** Of `windows.devices`: those of the host that the VM was given, as it knows them. */
  readonly devices?: readonly { readonly id: string; readonly idType: string }[];
  /** The init of the pod's sandbox container in the guest; undefined for a container without one, and for itself. */
  readonly sandboxPid?: number;
  /** The pod's network in the guest; without one its containers have a loopback link. */
  readonly networkNamespaceId?: string | undefined;
  /** Told what the guest's copy leaves out. */
  dropped(what: string): void;
}

/**
 * The spec as the guest's runtime gets it: host paths are replaced, what only the host has is left out. All that limits
 * or restricts the container stays, for the guest's kernel enforces it.
 */
export function guestSpec(spec: Spec, place: GuestPlace): Spec {
  const { hooks, ...rest } = spec;
  const { networkNamespaceId: networkNamespace, devices = [] } = place;
  const windows = {
    ...(networkNamespace !== undefined && { network: { networkNamespace } }),
    ...(devices.length > 0 && { devices }),
  };
  // The other kinds run on this host (host-hooks); a startContainer one is a program of the container itself.
  const { createContainer, startContainer } = record(hooks);
  if (isFilled(createContainer)) place.dropped("its createContainer hooks: they are programs of the host");
  return {
    ...rest,
    ...(spec.root && { root: { ...spec.root, path: place.rootPath } }),
    ...(spec.process && { process: guestProcess(spec.process, place) }),
    mounts: place.mounts,
    ...(isFilled(startContainer) && { hooks: { startContainer } }),
    ...(spec.linux && { linux: guestLinux(spec.linux, place) }),
    ...(Object.keys(windows).length > 0 && { windows }),
  };
}

/** Also for the processes of execs. AppArmor and SELinux are the host's; its policies are not in the guest. */
export function guestProcess<P extends object>(process: P, { dropped }: Pick<GuestPlace, "dropped">): P {
  const { apparmorProfile, selinuxLabel, ...rest } = process as P & Pick<SpecProcess, string>;
  if (apparmorProfile) dropped(`AppArmor profile ${shown(apparmorProfile)}`);
  if (selinuxLabel) dropped(`SELinux label ${shown(selinuxLabel)}`);
  return rest as P;
}

function guestLinux(linux: SpecLinux, place: GuestPlace): SpecLinux {
  const { mountLabel, intelRdt, namespaces, resources, devices, cgroupsPath: _, ...rest } = linux;
  if (mountLabel) place.dropped("the SELinux label of its mounts");
  if (intelRdt) place.dropped("its part of the processor's cache (intelRdt)");
  return {
    ...rest,
    // The host's path limits the VM there; in the guest each container has its own below the root.
    cgroupsPath: `/containers/${place.id}`,
    ...(namespaces && { namespaces: namespaces.map((namespace) => guestNamespace(namespace, place)) }),
    ...(Array.isArray(devices) && { devices: devices.filter((device) => !isBlockDevice(device, place)) }),
    ...(resources && { resources: guestResources(resources, place) }),
  };
}

/** A namespace of the host is another container's of the pod: its path leads to the VM's own process. */
function guestNamespace(namespace: SpecNamespace, { id, sandboxPid, networkNamespaceId }: GuestPlace): SpecNamespace {
  const { type, path = "" } = namespace;
  if (path === "" || path === POD_NAMESPACE) return namespace;
  if (type === "network" && (networkNamespaceId !== undefined || sandboxPid === undefined)) return { type };
  if (sandboxPid !== undefined) return { type, path: `/proc/${sandboxPid}/ns/${FILES[type] ?? type}` };
  throw invalidArgument(
    `container ${id}: ${type} namespace ${path} is this host's, and no sandbox of its pod is in the vm; cannot join it`,
  );
}

/** By its number it would be another disk in the guest. A privileged container lists all that the host has. */
function isBlockDevice(device: unknown, { dropped }: GuestPlace): boolean {
  const { type, path } = record(device);
  if (type === "b") dropped(`block device ${shown(path)} of the host`);
  return type === "b";
}

/** Names in /proc/PID/ns where they differ from the spec's. */
const FILES: Readonly<Record<string, string>> = { network: "net", mount: "mnt" };

/** Limits stay. What names the host's processors, disks and huge pages means something else in the guest, or nothing. */
function guestResources(
  resources: Readonly<Record<string, unknown>>,
  { dropped }: GuestPlace,
): Record<string, unknown> {
  const { hugepageLimits, rdma, blockIO, cpu, ...rest } = resources;
  if (Array.isArray(hugepageLimits) && hugepageLimits.some((entry) => isAboveZero(record(entry).limit))) {
    dropped("its limits of huge pages: the guest has none");
  }
  if (rdma) dropped("its RDMA limits");
  const { cpus, mems, ...limits } = record(cpu);
  if (cpus || mems) dropped(`the host's processors ${shown(cpus ?? "")} and memory nodes ${shown(mems ?? "")}`);
  const { weight, leafWeight, ...byDevice } = record(blockIO);
  if (Object.values(byDevice).some(isFilled)) {
    dropped("its limits of single block devices");
  }
  const weights = { ...(weight !== undefined && { weight }), ...(leafWeight !== undefined && { leafWeight }) };
  return {
    ...rest,
    ...(cpu !== undefined && { cpu: limits }),
    ...(Object.keys(weights).length > 0 && { blockIO: weights }),
  };
}

/** Integers of a spec beyond 2^53 are bigint. */
function isAboveZero(value: unknown): boolean {
  return (typeof value === "number" || typeof value === "bigint") && value > 0;
}

/** What is no text would bring its own toString along. */
function shown(value: unknown): string {
  return typeof value === "string" ? value : `(${typeof value})`;
}

function isFilled(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0;
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
