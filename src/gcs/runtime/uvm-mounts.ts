import { chmod, mkdir, realpath, rmdir, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { invalidArgument, notFound } from "../../errors/shim-error.ts";
import type { MountCalls } from "../storage/ports.ts";
import { isRecord, objectMember } from "./oci-members.ts";

type Json = Readonly<Record<string, unknown>>;

/** hcsshim's directories beside the sandbox's bundle, by the prefix of a mount's source. */
const OF_THE_POD = {
  "sandbox://": "sandboxMounts",
  "sandbox-tmp://": "sandboxTmpfsMounts",
  "hugepages://": "hugepages",
} as const;
const UVM = "uvm://";
const BLOCK_DEVICE = "blockdev://";

export interface UvmMountPorts {
  readonly mounts: Pick<MountCalls, "mount">;
  /** Of the bundles by their containers' ids. */
  readonly bundles: string;
}

/**
 * The specification with hcsshim's names for what is the guest's own in their place: directories that the containers of a
 * pod share, huge pages, paths of the guest, and disks that a container gets as block devices. Of a container without a
 * pod those directories are its own.
 */
export async function withUvmMounts(id: string, specification: Json, ports: UvmMountPorts): Promise<Json> {
  const given = specification.mounts ?? [];
  if (!Array.isArray(given)) throw invalidArgument("OCI specification: mounts is not a list");
  const sandbox = objectMember(specification, "annotations")?.["io.kubernetes.cri.sandbox-id"];
  const pod = inside(ports.bundles, typeof sandbox === "string" ? sandbox : id);
  const rules: Json[] = [];
  const mounts: unknown[] = [];
  for (const mount of given) {
    const { source = "", destination = "" } = isRecord(mount) ? mount : {};
    if (!isRecord(mount) || typeof source !== "string" || typeof destination !== "string") mounts.push(mount);
    else if (destination.startsWith(BLOCK_DEVICE)) {
      const device = await blockDevice(source, mount.options);
      rules.push(device.rule);
      mounts.push({ ...mount, source: device.path, destination: destination.slice(BLOCK_DEVICE.length) });
    } else mounts.push({ ...mount, ...(source !== "" && { source: await guestSource(source, pod, ports) }) });
  }
  if (rules.length === 0) return { ...specification, ...(given.length > 0 && { mounts }) };
  const linux = objectMember(specification, "linux") ?? {};
  const resources = objectMember(linux, "resources") ?? {};
  const devices = Array.isArray(resources.devices) ? [...resources.devices, ...rules] : rules;
  return { ...specification, mounts, linux: { ...linux, resources: { ...resources, devices } } };
}

async function guestSource(source: string, pod: string, { mounts }: UvmMountPorts): Promise<string> {
  if (source.startsWith(UVM)) {
    const path = source.slice(UVM.length);
    if ((await stat(path).catch(() => undefined)) === undefined) throw notFound(`${source} is not in the guest`);
    return path;
  }
  for (const [prefix, name] of Object.entries(OF_THE_POD)) {
    if (!source.startsWith(prefix)) continue;
    const path = inside(join(pod, name), source.slice(prefix.length));
    const isNew = (await mkdir(path, { recursive: true })) !== undefined;
    if (!isNew) return path;
    // For containers of any user, whatever the umask.
    if (prefix !== "hugepages://") await chmod(path, 0o777);
    else await mountHugePages(path, source, mounts);
    return path;
  }
  return source;
}

async function mountHugePages(target: string, source: string, mounts: UvmMountPorts["mounts"]): Promise<void> {
  const [size] = source.slice("hugepages://".length).split("/");
  try {
    mounts.mount({ source: "none", target, type: "hugetlbfs", flags: 0, data: `pagesize=${size}` });
  } catch (error) {
    // The next who asks mounts it.
    await rmdir(target);
    throw error;
  }
}

/** What `source` links to, and the rule by which the container may open it. */
async function blockDevice(source: string, options: unknown): Promise<{ path: string; rule: Json }> {
  const path = await realpath(source).catch(() => source);
  const found = await stat(path).catch(() => undefined);
  if (found?.isBlockDevice() !== true) throw invalidArgument(`${source} is not a block device of the guest`);
  const { rdev } = found;
  const [major, minor] = [(rdev >> 8) & 0xfff, (rdev & 0xff) | ((rdev >> 12) & 0xfff00)];
  const access = Array.isArray(options) && options.includes("ro") ? "r" : "rwm";
  return { path, rule: { allow: true, type: "b", major, minor, access } };
}

/** Throws invalid-argument for a path that leads out of the directory. */
function inside(directory: string, path: string): string {
  const joined = join(directory, path);
  if (joined.startsWith(directory + sep)) return joined;
  throw invalidArgument(`${path} is not within ${directory}`);
}
