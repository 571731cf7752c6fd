import type { Annotation } from "../../config/annotations/annotation.ts";
import { windowsContainer } from "../../config/annotations/container.ts";
import { pod } from "../../config/annotations/pod.ts";
import { topology } from "../../config/annotations/topology.ts";
import { boot } from "../../config/annotations/vm-boot.ts";
import { windowsVm } from "../../config/annotations/vm-wcow.ts";
import { invalidArgument } from "../../errors/shim-error.ts";
import type { Options } from "../../generated/containerd/runhcs/v1.ts";
import type { Annotations, Warn } from "./annotation-reader.ts";
import { AnnotationReader } from "./annotation-reader.ts";

/** Annotations that set others to their own value. */
export const expansions: readonly (readonly [Annotation, readonly Annotation[]])[] = [
  [
    pod.disableUnsafe,
    [windowsContainer.disableGmsa, boot.noWritableShares, windowsVm.noDirectMap, windowsContainer.disableHostProcess],
  ],
];

/**
 * What holds: a spec's own annotations, the gaps filled with the runtime's defaults, the expansions done. A runtime option
 * goes over the default annotation of the same thing. Throws invalid-argument for annotations that contradict each other,
 * naming all of them.
 */
export function effectiveAnnotations(own: Annotations, options: Options, warn: Warn): Annotations {
  const said = new Set(spokenFor(options).map(({ name }) => name));
  const defaults = [...options.defaultContainerAnnotations].filter(([name]) => !said.has(name));
  const values: Record<string, string> = { ...Object.fromEntries(defaults), ...own };
  const conflicts: string[] = [];
  for (const [{ name }, others] of expansions) {
    const value = values[name];
    if (value === undefined) continue;
    for (const other of others) {
      const explicit = values[other.name];
      if (explicit === undefined) values[other.name] = value;
      else if (explicit !== value) conflicts.push(`${name} is ${quote(value)} and ${other.name} ${quote(explicit)}`);
    }
  }
  const read = new AnnotationReader(values, warn);
  const { hostProcess, disableHostProcess } = windowsContainer;
  if (read.bool(disableHostProcess, false) && read.bool(hostProcess, false)) {
    conflicts.push(`${disableHostProcess.name} and ${hostProcess.name} are both true`);
  }
  if (conflicts.length > 0) throw invalidArgument(`annotations contradict each other: ${conflicts.join("; ")}`);
  return values;
}

function spokenFor(options: Options): readonly Annotation[] {
  return [
    ...(options.bootFilesRootPath === "" ? [] : [boot.bootFiles]),
    ...(options.vmProcessorCount > 0 ? [topology.processorCount] : []),
    ...(options.vmMemorySizeInMb > 0 ? [topology.memorySize] : []),
    ...(options.NCProxyAddr === "" ? [] : [pod.ncproxy]),
  ];
}

const quote = (text: string): string => JSON.stringify(text);
