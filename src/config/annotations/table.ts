import type { Annotation } from "./annotation.ts";
import { anyContainer, linuxContainer, windowsContainer } from "./container.ts";
import { numaNodes } from "./numa.ts";
import { containerdOwn, pod, podHints, vmService } from "./pod.ts";
import { topology } from "./topology.ts";
import { boot } from "./vm-boot.ts";
import { confidential, confidentialLcow, confidentialWcow } from "./vm-confidential.ts";
import { windowsVm } from "./vm-wcow.ts";

/** Every annotation that any of our code reads, under the heading of its concern: hcsshim's (reference: hcsshim, 4.4), CRI's, containerd's. */
export const annotationTable: Readonly<Record<string, readonly Annotation[]>> = {
  "Processors, memory and storage limits": Object.values(topology),
  "NUMA nodes": Object.values(numaNodes),
  "Boot and devices": Object.values(boot),
  "WCOW VMs": Object.values(windowsVm),
  "Confidential VMs": Object.values(confidential),
  "Confidential LCOW": Object.values(confidentialLcow),
  "Confidential WCOW": Object.values(confidentialWcow),
  Pods: Object.values(pod),
  "Hints of CRI": Object.values(podHints),
  "Of a VM service": Object.values(vmService),
  "Of containerd": Object.values(containerdOwn),
  Containers: Object.values(anyContainer),
  "LCOW containers": Object.values(linuxContainer),
  "WCOW containers": Object.values(windowsContainer),
};

export const allAnnotations: readonly Annotation[] = Object.values(annotationTable).flat();
