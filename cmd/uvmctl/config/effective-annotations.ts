import { availableParallelism, totalmem } from "node:os";
import { annotationNamed, checkAnnotations, unheededAnnotations } from "../../../src/config/annotations/check.ts";
import { topology } from "../../../src/config/annotations/topology.ts";
import type { Settings } from "../../../src/config/settings.ts";
import { ShimError } from "../../../src/errors/shim-error.ts";
import type { Spec } from "../../../src/oci/spec.ts";
import { sizeUvm } from "../../../src/vmmanager/options/sizing.ts";
import type { Effective } from "./effective-keys.ts";

export interface ContainerSpec {
  readonly id: string;
  readonly spec: Pick<Spec, "annotations" | "linux">;
}

/** The annotations of a container that the pod's stack heeds, and what is wrong with them all. */
export function effectiveAnnotations(stack: Settings["stack"], { id, spec }: ContainerSpec) {
  const { annotations = {} } = spec;
  const of = `container ${id}`;
  const heeded = Object.entries(annotations).flatMap(([name, value]): Effective[] => {
    const row = annotationNamed(name);
    return row?.stacks.includes(stack) ? [{ name, value, unit: row.unit ?? "", from: `annotation of ${of}` }] : [];
  });
  return { heeded, problems: [...checkAnnotations(annotations, of), ...unheededAnnotations(annotations, stack, of)] };
}

/** How big the VM of a pod is made, on stacks whose VMs are sized by its first container. */
export function effectiveSize(settings: Settings, first: ContainerSpec) {
  const { stack, qemu, remotevm } = settings;
  if (stack !== "qemu" && stack !== "remotevm") return { size: [], problems: [] };
  const { processors, memoryMiB } = stack === "qemu" ? qemu : remotevm;
  const configured =
    stack === "qemu" ? qemu : { processors, maxProcessors: processors, memoryMiB, maxMemoryMiB: memoryMiB };
  const host = { hostProcessors: availableParallelism(), hostMemoryMiB: Math.floor(totalmem() / 2 ** 20) };
  const problems: string[] = [];
  try {
    const warn = (message: string): void => void problems.push(message);
    const sized = sizeUvm({ pod: first.id, configured, spec: first.spec, ...host, warn });
    const from = (annotation: string, key: string, value: number, asConfigured: number): string => {
      const said = first.spec.annotations?.[annotation] ?? "";
      if (said !== "" && Number(said) === value) return `annotation ${annotation} of container ${first.id}`;
      return value === asConfigured ? `${stack}.${key}` : `hints and limits of container ${first.id}`;
    };
    const { processorCount, memorySize } = topology;
    const size: Effective[] = [
      {
        ...{ name: "vm.processors", value: sized.processors, unit: "" },
        from: from(processorCount.name, "processors", sized.processors, processors),
      },
      {
        ...{ name: "vm.memory_mib", value: sized.memoryMiB, unit: "MiB" },
        from: from(memorySize.name, "memory_mib", sized.memoryMiB, memoryMiB),
      },
    ];
    return { size, problems };
  } catch (error) {
    return { size: [], problems: [...problems, ShimError.from(error).message] };
  }
}
