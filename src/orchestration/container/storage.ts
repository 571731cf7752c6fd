import { join, resolve } from "node:path";
import { invalidArgument } from "../../errors/shim-error.ts";
import type { ContainerDocument } from "../../guestmanager/guest.ts";
import type { Spec } from "../../oci/spec.ts";
import { bounded } from "../deadline.ts";
import type { Mapping } from "../device/mapping.ts";
import type { ReleaseList } from "../release-list.ts";
import type { CreateTask } from "../tasks.ts";
import { guestSpec } from "./guest-spec.ts";
import { guestMount, type HostFiles, type MountPlan, planMount } from "./mount-plan.ts";
import type { ContainerLimits, ContainerVm, RootfsPort } from "./ports.ts";
import { type DiskMount, type DiskPath, planRootfs, type RootfsPlan } from "./rootfs-plan.ts";

/** What of a container has to be brought into a VM, known before there is one. */
export interface StoragePlan {
  readonly rootfs: RootfsPlan;
  /** The host's directory of the root file system, for a share. */
  readonly rootPath: string;
  readonly mounts: readonly MountPlan[];
}

export interface StorageContext {
  readonly request: CreateTask;
  readonly spec: Spec;
  readonly vm: ContainerVm;
  readonly rootfs: RootfsPort;
  readonly held: ReleaseList;
  readonly limits: Pick<ContainerLimits, "request">;
  readonly signal: AbortSignal;
  readonly sandboxPid: number | undefined;
  dropped(what: string): void;
}

/** Throws for what cannot be brought into a VM. Changes nothing. */
export function planStorage({ id, bundle, rootfs }: CreateTask, spec: Spec, files: HostFiles): StoragePlan {
  if (spec.root === undefined) throw invalidArgument(`container ${id}: its config.json has no root; cannot create it`);
  const rootPath = rootfs.length > 0 ? join(bundle, "rootfs") : resolve(bundle, spec.root.path);
  if (rootfs.length === 0 && files.kindOf(rootPath) !== "directory") {
    throw invalidArgument(`container ${id}: its root ${rootPath} is not a directory, and no mounts are given for it`);
  }
  return {
    rootfs: planRootfs(rootfs, files.kindOf),
    rootPath,
    mounts: (spec.mounts ?? []).map((mount) => planMount(mount, files)),
  };
}

export function needsShares({ rootfs, mounts }: StoragePlan): boolean {
  return rootfs.kind === "share" || mounts.some(({ kind }) => kind === "share");
}

/** Brings it all into the guest; what was acquired, also by a call that failed, is in `held`. */
export async function bringIntoVm(plan: StoragePlan, context: StorageContext): Promise<ContainerDocument> {
  const { request, spec, vm } = context;
  const ociBundlePath = `/run/gcs/c/${request.id}`;
  const [rootPath, mounts] = await Promise.all([
    bringRootfs(plan, `${ociBundlePath}/rootfs`, context),
    Promise.all(plan.mounts.map(async (mount) => guestMount(mount, await bringMount(mount, context)))),
  ]);
  const { sandboxPid, dropped } = context;
  const place = { id: request.id, rootPath, mounts, dropped, networkNamespaceId: vm.networkNamespaceId };
  return { ociBundlePath, ociSpecification: guestSpec(spec, { ...place, ...(sandboxPid && { sandboxPid }) }) };
}

async function bringRootfs({ rootfs, rootPath }: StoragePlan, guestPath: string, context: StorageContext) {
  const { vm, held } = context;
  if (rootfs.kind === "share") {
    const readOnly = rootfs.mounts.at(-1)?.options.includes("ro") ?? false;
    const share = vm.devices.plan9.reserve({ hostPath: rootPath, readOnly, guestPath });
    if (rootfs.mounts.length === 0) return hold(share, context);
    // One step: the host unmounts it only after the share is gone.
    held.add("root file system", async () => {
      await share.unmap();
      await context.rootfs.unmount(rootPath);
    });
    await context.rootfs.mount(rootfs.mounts, rootPath);
    context.signal.throwIfAborted();
    await share.map();
    return share.guestPath;
  }
  const { disks, root } = rootfs;
  if (!("lower" in root)) {
    const [disk] = disks;
    if (disks.length === 1 && disk !== undefined && root.path === "") return bringDisk(disk, context, guestPath);
  }
  const paths = await Promise.all(disks.map((disk) => bringDisk(disk, context)));
  const at = ({ disk, path }: DiskPath): string => `${paths[disk]}${path}`;
  if (!("lower" in root)) return at(root);
  const layers = root.lower.map((path, index) => ({ id: String(index), path: at(path) }));
  const settings = {
    containerId: context.request.id,
    containerRootPath: guestPath,
    layers,
    ...(root.scratch && { scratchPath: at(root.scratch) }),
  };
  const ms = context.limits.request;
  // Before the call: one that fails late may have done it all the same.
  held.add("layers of its root file system", () =>
    bounded(ms, `unmount of ${guestPath}`, (options) => vm.guest.removeCombinedLayers(settings, options)),
  );
  await bounded(ms, `mount of the layers on ${guestPath}`, (options) => vm.guest.addCombinedLayers(settings, options));
  return guestPath;
}

async function bringDisk(disk: DiskMount, context: StorageContext, guestPath?: string): Promise<string> {
  const { hostPath, readOnly, fileSystem } = disk;
  const { scsi } = context.vm.devices;
  const blobs = disk.blobs.map((blob) => scsi.reserve({ hostPath: blob, readOnly: true }));
  const options = [...disk.options, ...blobs.map((blob) => `device=${blob.guestPath}`)];
  for (const blob of blobs) context.held.add(blob.what, () => blob.unmap());
  await Promise.all(blobs.map((blob) => blob.map()));
  const request = { hostPath, readOnly, fileSystem, options, ...(guestPath !== undefined && { guestPath }) };
  return hold(scsi.reserve(request), context);
}

async function bringMount(plan: MountPlan, context: StorageContext): Promise<string> {
  const { devices } = context.vm;
  switch (plan.kind) {
    case "keep":
      return "";
    case "share":
      return hold(devices.plan9.reserve(plan), context);
    case "shm":
      return hold(devices.shm.reserve(plan), context);
    case "disk":
      return bringDisk(plan.disk, context);
  }
}

async function hold(mapping: Mapping, { held, signal }: StorageContext): Promise<string> {
  held.add(mapping.what, () => mapping.unmap());
  await mapping.map();
  signal.throwIfAborted();
  return mapping.guestPath;
}
