import type { UvmOptions } from "../../vmmanager/uvm.ts";
import { ContainerController, type ContainerOptions } from "../container/controller.ts";
import type { ContainerLimits } from "../container/ports.ts";
import { RestoredStreams } from "../process/saved.ts";
import type { PodOptions, RestoreOptions } from "./ports.ts";
import { removeSavedPod, type SavedPart, type SavedPod, writeSavedPod } from "./saved.ts";
import type { PodVm, VmSlot } from "./vm-slot.ts";

/**
 * Writes what `restorePod` reads, and then lets the pod go on or ends its VM. A failed save lets it go on. `more`: what
 * else has to be written while the VM stands still.
 */
export async function savePod(
  vm: VmSlot,
  containers: readonly ContainerController[],
  savedParts: Readonly<Record<string, SavedPart>>,
  directory: string,
  then: "resume" | "terminate",
  more: (call: { signal: AbortSignal }) => Promise<void> = async () => {},
): Promise<void> {
  const release = (): void => {
    for (const container of containers) container.release();
  };
  try {
    // Before the VM is stopped: what is on its way from it then waits in the guest channel, which is saved with it.
    for (const container of containers) container.hold();
    await removeSavedPod(directory);
    await vm.save(async ({ uvm, devices }, call) => {
      const parts = Object.entries(savedParts).map(([name, part]) => [name, part.save()] as const);
      const pod = {
        containers: containers.map((each) => each.save()),
        devices: devices.save(),
        ...(vm.size && { size: vm.size }),
        parts: Object.fromEntries(parts),
      };
      // In the same turn: nothing is told between what we saved and what the channel saves.
      await uvm.save({ directory, ...call });
      await more(call);
      await writeSavedPod(directory, pod);
    });
  } catch (cause) {
    release();
    throw cause;
  }
  if (then === "terminate") {
    // What they hold is in the save; it must not be written as well.
    for (const container of containers) container.dropOutput();
    await vm.terminate();
    return;
  }
  await vm.resume();
  release();
}

/** Makes the VM and its containers of what was saved; `take` is told of each container before it may fail. */
export async function restorePod(
  vm: VmSlot,
  document: SavedPod,
  { directory, uvm, restoreParts }: RestoreOptions,
  options: PodOptions & Pick<ContainerOptions, "guestPid"> & { readonly containerLimits: ContainerLimits },
  take: (container: ContainerController, initPid: number) => void,
): Promise<void> {
  const { id, namespace, stateDirectory, stack, ports, runc, guestPid, containerLimits: limits } = options;
  const { size } = document;
  const uvmOptions = { id, stateDirectory, ...(runc && { runc }), ...(size && { sizing: size }), ...uvm };
  const make = (made: UvmOptions, call: { signal: AbortSignal }) => stack.restore(made, { directory }, call);
  const containers: ContainerController[] = [];
  const claim = async (host: PodVm): Promise<void> => {
    const streams = new RestoredStreams(host.uvm.restored);
    await restoreParts?.(document.parts, host);
    for (const saved of document.containers) {
      const container = new ContainerController({
        ...{ request: saved.request, namespace, stateDirectory, ports, limits },
        inVm: stack.name !== "local",
        ...(guestPid && { guestPid }),
      });
      containers.push(container);
      take(container, saved.initPid);
      await container.restore(saved, host, streams);
    }
  };
  await vm.restore(uvmOptions, make, document.devices, claim, size?.claims);
  for (const container of containers) container.restored();
}
