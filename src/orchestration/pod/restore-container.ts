import { failedPrecondition, ShimError } from "../../errors/shim-error.ts";
import type { Spec } from "../../oci/spec.ts";
import type { UvmOptions } from "../../vmmanager/uvm.ts";
import type { ContainerController } from "../container/controller.ts";
import type { Holding } from "../container/holding.ts";
import type { SavedContainer } from "../container/saved.ts";
import { needsShares, planStorage } from "../container/storage.ts";
import type { SavedDevices } from "../device/devices.ts";
import { RestoredStreams } from "../process/saved.ts";
import type { CreateTask } from "../tasks.ts";
import { restoreDisks } from "./checkpoint-disks.ts";
import type { PodOptions } from "./ports.ts";
import { readSavedPod, type SavedPod } from "./saved.ts";
import type { PodVm, VmSlot } from "./vm-slot.ts";

interface RestoringPod extends Pick<PodOptions, "stack" | "ports"> {
  readonly vm: VmSlot;
  /** The options that a VM for this spec would be made with. */
  uvm(spec: Spec): UvmOptions;
}

/**
 * A new pod's first container from what Task.Checkpoint wrote: in its VM, with the memory that it had, on the disks of the
 * new container, whose content becomes the saved one. It stands still until its start. What fails leaves no VM.
 */
export async function restoreContainer(
  container: ContainerController,
  request: CreateTask,
  pod: RestoringPod,
  signal: AbortSignal,
): Promise<number> {
  try {
    await restore(container, request, pod, signal);
  } catch (cause) {
    await container.abandon();
    throw ShimError.from(cause, "internal");
  }
  container.restored();
  return container.pid;
}

async function restore(
  container: ContainerController,
  request: CreateTask,
  { vm, stack, ports, uvm }: RestoringPod,
  signal: AbortSignal,
): Promise<void> {
  const spec = ports.loadSpec(request.bundle);
  const plan = planStorage(request, spec, ports.files);
  const directory = request.checkpoint;
  const document = await readSavedPod(directory);
  const saved = onlyContainer(document, request);
  const hook = Object.values(spec.hooks ?? {}).flat()[0];
  if (hook !== undefined) throw refuse(request, "its config.json has OCI hooks, which a restore does not run");
  if (needsShares(plan)) throw refuse(request, "it has directories of this host, which no restored vm can be given");
  const disks = await restoreDisks(directory, saved.request.rootfs, plan, signal);
  signal.throwIfAborted();

  const make = (options: UvmOptions, call: { signal: AbortSignal }) =>
    stack.restore(options, { directory, disks }, call);
  const moved = { ...saved, holdings: saved.holdings.map((holding) => movedHolding(holding, disks)) };
  const claim = async (host: PodVm): Promise<void> => {
    await container.createFrozen(moved, host, new RestoredStreams(host.uvm.restored));
  };
  const { size } = document;
  const { [saved.request.id]: own, ...others } = size?.claims ?? {};
  const claims = { ...others, ...(own && { [container.id]: own }) };
  const end = (): void => void vm.release();
  signal.addEventListener("abort", end, { once: true });
  try {
    const options = { ...uvm(spec), ...(size && { sizing: size }) };
    await vm.restore(options, make, movedDevices(document.devices, disks), claim, claims);
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener("abort", end);
  }
}

function refuse({ id, checkpoint }: CreateTask, why: string): Error {
  return failedPrecondition(`container ${id} cannot be restored from ${checkpoint}: ${why}`);
}

function onlyContainer({ containers }: SavedPod, request: CreateTask): SavedContainer {
  const [saved] = containers;
  if (saved === undefined || containers.length !== 1) {
    throw refuse(request, `it holds a pod of ${containers.length} containers, not one: it is no task's checkpoint`);
  }
  if (saved.state !== "paused" || saved.init.state !== "running") {
    throw refuse(request, `its container is ${saved.state}: it is no task's checkpoint`);
  }
  if (saved.execs.some(({ process }) => process.state === "running")) throw refuse(request, "an exec runs in it");
  if (saved.request.terminal === request.terminal) return saved;
  throw refuse(request, `its container was created ${saved.request.terminal ? "with" : "without"} a terminal`);
}

function movedHolding(holding: Holding, disks: ReadonlyMap<string, string>): Holding {
  return holding.kind === "disk" ? { ...holding, request: movedDisk(holding.request, disks) } : holding;
}

function movedDevices(devices: SavedDevices, disks: ReadonlyMap<string, string>): SavedDevices {
  const { scsi } = devices;
  const moved = scsi.disks.map((disk) => ({
    ...movedDisk(disk, disks),
    mounts: disk.mounts.map((mount) => ({ ...mount, request: movedDisk(mount.request, disks) })),
  }));
  return { ...devices, scsi: { ...scsi, disks: moved } };
}

function movedDisk<T extends { readonly hostPath: string }>(disk: T, disks: ReadonlyMap<string, string>): T {
  const hostPath = disks.get(disk.hostPath);
  if (hostPath !== undefined) return { ...disk, hostPath };
  throw failedPrecondition(`the checkpoint's disk ${disk.hostPath} is not mounted here; cannot restore it without`);
}
