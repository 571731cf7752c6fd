import { win32 } from "node:path";
import { assertNever, invalidArgument, ShimError } from "../../../errors/shim-error.ts";
import type { WindowsContainerDocument } from "../../../guestmanager/guest.ts";
import { WCOW_SYSTEM_USER } from "../../../guestmanager/wcow/process-parameters.ts";
import type { Spec } from "../../../oci/spec.ts";
import { bounded } from "../../deadline.ts";
import type { Mapping } from "../../device/mapping.ts";
import type { ReleaseList } from "../../release-list.ts";
import type { CreateTask } from "../../tasks.ts";
import { readWcowLayers, type WcowLayers } from "../layers/layer-mounts.ts";
import type { HostFiles } from "../mount-plan.ts";
import type { ContainerLimits } from "../ports.ts";
import { planWindowsMounts, type WindowsMountPlan } from "./mounts.ts";
import type { WindowsHost, WindowsStorage, WindowsVm } from "./ports.ts";

/** What of a Windows container has to be brought into a VM, known before there is one. */
export interface WindowsStoragePlan {
  readonly layers: WcowLayers;
  readonly mounts: readonly WindowsMountPlan[];
}

export interface WindowsContext {
  readonly id: string;
  readonly spec: Spec;
  readonly vm: WindowsVm;
  readonly host: WindowsHost;
  readonly held: ReleaseList<unknown>;
  readonly limits: Pick<ContainerLimits, "request">;
  readonly signal: AbortSignal;
}

/** Throws for what cannot be brought into a VM. Changes nothing. `vmId`: the VM's, as its pipes are named. */
export function planWindowsStorage(
  { id, rootfs }: Pick<CreateTask, "id" | "rootfs">,
  spec: Spec,
  vmId: string,
  files: HostFiles,
): WindowsStoragePlan {
  if (spec.root?.readonly)
    throw invalidArgument(`container ${id}: Windows knows no root file system that is read-only`);
  const { layers, scratchFolder } = readWcowLayers(rootfs, spec);
  if (layers.length === 0) throw invalidArgument(`container ${id}: its root file system has no layer below its own`);
  return { layers: { layers, scratchFolder }, mounts: planWindowsMounts(spec, vmId, files) };
}

/** Brings it all into the guest; what was acquired, also by a call that failed, is in `held`, and is released backwards. */
export async function bringIntoWindowsVm(
  plan: WindowsStoragePlan,
  context: WindowsContext,
): Promise<WindowsContainerDocument> {
  const root = await bringLayers(plan.layers, context);
  const mapped: WindowsStorage["mappedDirectories"][number][] = [];
  const disks: WindowsStorage["mappedDirectories"][number][] = [];
  const mappedPipes: WindowsStorage["mappedPipes"][number][] = [];
  for (const mount of plan.mounts) {
    const hostPath = await bringMount(mount, context);
    const { containerPath } = mount;
    if (mount.kind === "pipe") mappedPipes.push({ hostPath, containerPipeName: containerPath });
    else if (mount.kind === "disk") disks.push({ hostPath, containerPath, readOnly: mount.request.readOnly });
    else mapped.push({ hostPath, containerPath, readOnly: mount.readOnly });
  }
  const storage = { ...root, mappedDirectories: [...mapped, ...disks], mappedPipes };
  return { container: context.host.container(context.id, context.spec, storage) };
}

/** Layers by VSMB, the container's own as a disk, and a filter over both on that disk. */
async function bringLayers({ layers, scratchFolder }: WcowLayers, context: WindowsContext) {
  const { vm, host, limits } = context;
  const brought: { id: string; path: string }[] = [];
  for (const hostPath of layers) {
    const id = host.layerId(win32.basename(hostPath));
    const share = vm.devices.vsmb.reserve({ hostPath, readOnly: true, options: { takeBackupPrivilege: true } });
    brought.push({ id, path: await take(share, context) });
  }
  const scratch = { hostPath: win32.join(scratchFolder, "sandbox.vhdx"), readOnly: false, fileSystem: "" };
  const rootPath = await take(vm.devices.scsi.reserve({ ...scratch, access: "individual" }), context);
  // Without a filter's name, which is WCIFS then: guests before schema 2.9 (Windows Server 2022) refuse the member.
  const settings = { containerRootPath: rootPath, layers: brought };
  const filter: Mapping = {
    what: "layers of its root file system",
    guestPath: rootPath,
    map: () =>
      bounded(limits.request, `filter over the layers on ${rootPath}`, (call) =>
        vm.guest.addCombinedLayers(settings, call),
      ),
    unmap: () =>
      bounded(limits.request, `removal of the filter on ${rootPath}`, (call) =>
        vm.guest.removeCombinedLayers({ containerRootPath: rootPath }, call),
      ),
  };
  return { rootPath: await take(filter, context), layers: brought };
}

/** Where it is in the VM. */
async function bringMount(mount: WindowsMountPlan, context: WindowsContext): Promise<string> {
  const { devices } = context.vm;
  switch (mount.kind) {
    case "share":
      return take(devices.vsmb.reserve({ hostPath: mount.hostPath, readOnly: mount.readOnly }), context);
    case "disk":
      return take(devices.scsi.reserve(mount.request), context);
    case "pipe":
      if (mount.hostPath !== undefined) await take(devices.pipes.reserve({ hostPath: mount.hostPath }), context);
      return mount.source;
    case "sandbox":
      await makeDirectory(mount.vmPath, context);
      return mount.vmPath;
    default:
      return assertNever(mount);
  }
}

/** In the VM. `dir` says whether it is there: `mkdir` fails for one that is. It stays, as it is the pod's. */
async function makeDirectory(path: string, { vm, limits, signal }: WindowsContext): Promise<void> {
  const commandArgs = ["cmd", "/c", "mkdir", path, "&", "dir", path];
  const work = { commandArgs, user: WCOW_SYSTEM_USER, workingDirectory: "C:\\" };
  const exitCode = await bounded(limits.request, `making ${path} in the vm`, async (call) => {
    return (await vm.guest.createProcess(work, call)).exitCode;
  });
  signal.throwIfAborted();
  if (exitCode !== 0) throw new ShimError("internal", `${path} cannot be made in the vm: cmd ended with ${exitCode}`);
}

/** Held before it is mapped: a call that fails may have done it all the same. */
async function take(mapping: Mapping, { held, signal }: WindowsContext): Promise<string> {
  held.add(mapping.what, () => mapping.unmap());
  await mapping.map();
  signal.throwIfAborted();
  return mapping.guestPath;
}
