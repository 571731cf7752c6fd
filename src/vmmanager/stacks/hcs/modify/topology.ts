import { invalidArgument } from "../../../../errors/shim-error.ts";
import type { ProcessorLimits } from "../../../processor.ts";
import { cpuGroup, processorLimits } from "../schema/topology.ts";
import { type ModifyRequest, TOPOLOGY } from "./request.ts";

/** Throws invalid-argument for no group; the one of all zeros takes the VM out of its group. */
export function setCpuGroup(id: string): ModifyRequest {
  if (id === "") throw invalidArgument("no CPU group is named");
  return { resourcePath: `${TOPOLOGY}/Processor/CpuGroup`, settings: cpuGroup.encode({ id }) };
}

export function updateLimits(limits: ProcessorLimits): ModifyRequest {
  return { resourcePath: `${TOPOLOGY}/Processor/Limits`, settings: processorLimits.encode(limits) };
}

/** Made even, as the memory of a new VM is. */
export function updateMemory(memoryMiB: number): ModifyRequest {
  return { resourcePath: `${TOPOLOGY}/Memory/SizeInMB`, settings: memoryMiB + (memoryMiB % 2) };
}
