import { basename, dirname, join, resolve } from "node:path";
import { invalidArgument } from "../../errors/shim-error.ts";
import type { ContainerDocument } from "../../guestmanager/guest.ts";
import type { Spec } from "../../oci/spec.ts";
import type { CreateTask } from "../tasks.ts";
import { type DevicePlan, planDevices } from "./assigned-devices.ts";
import { allSettled, bring } from "./bring.ts";
import { guestSpec } from "./guest-spec.ts";
import { type HoldingContext, hold } from "./holding.ts";
import { isLcowRootfs, type LcowLayers, readLcowLayers } from "./layers/layer-mounts.ts";
import { bringLcowLayers, lcowBundle } from "./layers/lcow.ts";
import { guestMount, type HostFiles, type MountPlan, planMount } from "./mount-plan.ts";
import { podIdOf } from "./pod-id.ts";
import type { ContainerVm, RootfsPort } from "./ports.ts";
import { type DiskMount, type DiskPath, planRootfs, type RootfsPlan } from "./rootfs-plan.ts";

/** What of a container has to be brought into a VM, known before there is one. */
export interface StoragePlan {
  readonly rootfs: RootfsPlan | LcowPlan;
  /** The host's directory of the root file system, for a share. */
  readonly rootPath: string;
  readonly mounts: readonly MountPlan[];
}

/** Of containerd's Windows snapshotters. */
interface LcowPlan extends LcowLayers {
  readonly kind: "lcow";
}

export interface StorageContext extends HoldingContext {
  readonly request: CreateTask;
  readonly spec: Spec;
  readonly vm: ContainerVm;
  readonly rootfs: RootfsPort;
  readonly signal: AbortSignal;
  readonly sandboxPid: number | undefined;
  dropped(what: string): void;
}

/** Throws for what cannot be brought into a VM. Changes nothing. */
export function planStorage({ id, bundle, rootfs }: CreateTask, spec: Spec, files: HostFiles): StoragePlan {
  const mounts = (spec.mounts ?? []).map((mount) => planMount(mount, files));
  if (isLcowRootfs(rootfs, spec)) {
    const { layers, scratch } = readLcowLayers(rootfs, spec);
    const real = (path: string): string => files.resolve?.(path) ?? path;
    const found = layers.map(({ hostPath, partition }) => ({ hostPath: real(hostPath), partition }));
    return { rootfs: { kind: "lcow", layers: found, scratch: real(scratch) }, rootPath: "", mounts };
  }
  if (spec.root === undefined) throw invalidArgument(`container ${id}: its config.json has no root; cannot create it`);
  const rootPath = rootfs.length > 0 ? join(bundle, "rootfs") : resolve(bundle, spec.root.path);
  if (rootfs.length === 0 && files.kindOf(rootPath) !== "directory") {
    throw invalidArgument(`container ${id}: its root ${rootPath} is not a directory, and no mounts are given for it`);
  }
  return {
    rootfs: planRootfs(rootfs, files.kindOf),
    rootPath,
    mounts,
  };
}

export function needsShares({ rootfs, mounts }: StoragePlan): boolean {
  return rootfs.kind === "share" || mounts.some(({ kind }) => kind === "share");
}

/** Brings it all into the guest; what was acquired, also by a call that failed, is in `held`. */
export async function bringIntoVm(plan: StoragePlan, context: StorageContext): Promise<ContainerDocument> {
  const { request, spec, vm } = context;
  const wanted = devicesOf(context);
  const podId = podIdOf(spec, request.id);
  const isLcow = plan.rootfs.kind === "lcow";
  const ociBundlePath = isLcow ? lcowBundle({ podId, id: request.id }) : `/run/gcs/c/${request.id}`;
  const [{ rootPath, scratchDirPath }, mounts, devices] = await allSettled([
    bringRoot(plan, podId, `${ociBundlePath}/rootfs`, context),
    allSettled(plan.mounts.map(async (mount) => guestMount(mount, await bringMount(mount, context)))),
    allSettled(wanted.map(async (device) => bringDevice(device, context))),
  ]);
  const { sandboxPid, dropped } = context;
  const place = { id: request.id, rootPath, mounts, devices, dropped, networkNamespaceId: vm.networkNamespaceId };
  const rooted = { ...spec, root: { ...spec.root, path: rootPath } };
  return {
    ociBundlePath,
    ociSpecification: guestSpec(rooted, { ...place, ...(sandboxPid && { sandboxPid }) }),
    ...(scratchDirPath !== undefined && { scratchDirPath }),
  };
}

async function bringRoot(
  { rootfs, rootPath }: StoragePlan,
  podId: string,
  guestPath: string,
  context: StorageContext,
): Promise<{ readonly rootPath: string; readonly scratchDirPath?: string }> {
  if (rootfs.kind !== "lcow") return { rootPath: await bringRootfs(rootfs, rootPath, guestPath, context) };
  const { uvm } = context.vm;
  const { id } = context.request;
  if (uvm.stack !== "hcs") {
    throw invalidArgument(`container ${id}: stack ${uvm.stack} opens no VHDs; cannot use layers of a Windows host`);
  }
  const place = { podId, id, encryptScratch: uvm.encryptsScratch ?? false };
  return { rootPath: guestPath, scratchDirPath: await bringLcowLayers(rootfs, place, context) };
}

async function bringRootfs(rootfs: RootfsPlan, rootPath: string, guestPath: string, context: StorageContext) {
  const { vm, held } = context;
  if (rootfs.kind === "share") {
    const readOnly = rootfs.mounts.at(-1)?.options.includes("ro") ?? false;
    const request = { hostPath: rootPath, readOnly, guestPath };
    if (rootfs.mounts.length === 0) return bring({ kind: "share", request }, context);
    const share = vm.devices.plan9.reserve(request);
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
  const paths = await allSettled(disks.map((disk) => bringDisk(disk, context)));
  const at = ({ disk, path }: DiskPath): string => `${paths[disk]}${path}`;
  if (!("lower" in root)) return at(root);
  const layers = root.lower.map((path, index) => ({ id: String(index), path: at(path) }));
  const request = {
    containerId: context.request.id,
    containerRootPath: guestPath,
    layers,
    ...(root.scratch && { scratchPath: at(root.scratch) }),
  };
  return bring({ kind: "layers", request }, context);
}

async function bringDisk(disk: DiskMount, context: StorageContext, guestPath?: string): Promise<string> {
  const { hostPath, readOnly, fileSystem } = disk;
  const blobs = disk.blobs.map((blob) => hold({ kind: "disk", request: { hostPath: blob, readOnly: true } }, context));
  const options = [...disk.options, ...blobs.map((blob) => `device=${blob.guestPath}`)];
  await allSettled(blobs.map((blob) => blob.map()));
  const request = { hostPath, readOnly, fileSystem, options, ...(guestPath !== undefined && { guestPath }) };
  return bring({ kind: "disk", request }, context);
}

async function bringMount(plan: MountPlan, context: StorageContext): Promise<string> {
  switch (plan.kind) {
    case "keep":
      return "";
    case "share": {
      const { hostPath, readOnly, isFile } = plan;
      if (!isFile || context.vm.uvm.stack !== "hcs") {
        return bring({ kind: "share", request: { hostPath, readOnly } }, context);
      }
      // HCS shares directories alone: the file's, with nothing else to be seen in it.
      const request = { hostPath: dirname(hostPath), readOnly, allowedNames: [basename(hostPath)] };
      return `${await bring({ kind: "share", request }, context)}/${basename(hostPath)}`;
    }
    case "uvm-disk":
      return bring({ kind: "disk", request: plan.request }, context);
    case "shm": {
      const { hostPath, bytes } = plan;
      return bring({ kind: "shm", request: { hostPath, bytes } }, context);
    }
    case "socket":
      return bring({ kind: "socket", request: { hostPath: plan.hostPath } }, context);
    case "disk":
      return bringDisk(plan.disk, context);
  }
}

/** Throws invalid-argument, before anything is brought. */
function devicesOf({ spec, vm, dropped }: StorageContext): readonly DevicePlan[] {
  if (vm.uvm.stack === "hcs") return planDevices(spec);
  const { devices } = (spec.windows ?? {}) as { readonly devices?: unknown };
  if (Array.isArray(devices) && devices.length > 0) dropped("its assigned devices: only the stack hcs gives them");
  return [];
}

/** As the guest knows it. */
async function bringDevice({ idType, request }: DevicePlan, context: StorageContext) {
  return { id: await bring({ kind: "device", request }, context), idType };
}
