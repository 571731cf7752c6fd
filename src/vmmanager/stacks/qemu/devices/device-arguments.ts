import { failedPrecondition } from "../../../../errors/shim-error.ts";
import { stringifyJson } from "../../../../oci/json.ts";
import type { UvmDocument } from "../document.ts";
import { type Hardware, MEMORY_SLOTS, VPMEM_ROOM_MIB } from "./hardware.ts";
import {
  adapterDevice,
  adapterNetdev,
  balloonDevice,
  controllerDevice,
  memoryBackend,
  memoryDevice,
  processorDevice,
} from "./qmp-arguments.ts";

/**
 * What `-M`, `-m` and `-smp`, and the guest's kernel, need so that memory, processors and VPMem can be added while the VM
 * runs. An emulated VM has all its processors from the start, and its guest brings up only those that are asked for: with
 * emulation a new processor needs a free region of the translation cache, and once the guest has filled the cache QEMU
 * 7.2 aborts for want of one ("tcg_region_initial_alloc__locked: assertion failed"). Measured: it boots no slower.
 */
export function growthArguments({ accelerator, sizing }: Pick<UvmDocument, "accelerator" | "sizing">): {
  readonly machine: string;
  readonly memory: string;
  readonly smp: string;
  readonly kernel: readonly string[];
} {
  const { processors, maxProcessors, memoryMiB, maxMemoryMiB } = sizing;
  const isComplete = accelerator === "tcg";
  return {
    machine: "nvdimm=on",
    memory: `${memoryMiB}M,slots=${MEMORY_SLOTS},maxmem=${maxMemoryMiB + VPMEM_ROOM_MIB}M`,
    smp: `${isComplete ? maxProcessors : processors},maxcpus=${maxProcessors}`,
    kernel: isComplete && maxProcessors > processors ? [`maxcpus=${processors}`] : [],
  };
}

/** SCSI controller 0, which every VM boots with. */
export function bootControllerArguments(): string[] {
  return ["-device", stringifyJson(controllerDevice(0))];
}

/**
 * The hardware of a saved VM, as QEMU has to be started with before it loads the state: same ids, same addresses.
 * `adapterFds`: the inherited fd behind each adapter, by its id. Disks are not here: they are attached by
 * QemuDevices.restoreDisks, before the state is loaded, because fd sets of the command line never go again.
 */
export function deviceArguments(hardware: Hardware, adapterFds: ReadonlyMap<string, number>): string[] {
  const { memory } = hardware;
  const devices = [
    ...hardware.controllers.map(controllerDevice),
    ...hardware.adapters.map(adapterDevice),
    ...(memory === undefined ? [] : [memoryDevice(memory)]),
    ...(hardware.balloon ? [balloonDevice()] : []),
    ...hardware.processors.map(processorDevice),
  ];
  const netdevs = hardware.adapters.map((adapter) => {
    const fd = adapterFds.get(adapter.id);
    if (fd === undefined) {
      throw failedPrecondition(
        `adapter ${adapter.id} has no ${adapter.backend.kind} to return to; cannot restore its VM: open it before`,
      );
    }
    return adapterNetdev(adapter, String(fd));
  });
  return [
    ...(memory === undefined ? [] : ["-object", stringifyJson(memoryBackend(memory))]),
    ...netdevs.flatMap((netdev) => ["-netdev", stringifyJson(netdev)]),
    ...devices.flatMap((device) => ["-device", stringifyJson(device)]),
  ];
}
