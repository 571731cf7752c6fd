import type { Annotation } from "./annotation.ts";
import { anyContainer, linuxContainer, windowsContainer } from "./container.ts";
import { numaNodes } from "./numa.ts";
import { pod } from "./pod.ts";
import { topology } from "./topology.ts";
import { boot } from "./vm-boot.ts";
import { confidential, confidentialLcow, confidentialWcow } from "./vm-confidential.ts";
import { windowsVm } from "./vm-wcow.ts";

/** All of hcsshim's annotations (reference: hcsshim, 4.4), under the heading of their concern. */
export const annotationTable: Readonly<Record<string, readonly Annotation[]>> = {
  "Processors, memory and storage limits": Object.values(topology),
  "NUMA nodes": Object.values(numaNodes),
  "Boot and devices": Object.values(boot),
  "WCOW VMs": Object.values(windowsVm),
  "Confidential VMs": Object.values(confidential),
  "Confidential LCOW": Object.values(confidentialLcow),
  "Confidential WCOW": Object.values(confidentialWcow),
  Pods: Object.values(pod),
  Containers: Object.values(anyContainer),
  "LCOW containers": Object.values(linuxContainer),
  "WCOW containers": Object.values(windowsContainer),
};

export const allAnnotations: readonly Annotation[] = Object.values(annotationTable).flat();
