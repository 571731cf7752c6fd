import { pod as annotation, vmService } from "../../config/annotations/pod.ts";
import { Options as RunhcsOptions } from "../../generated/containerd/runhcs/v1.ts";
import type { Spec } from "../../oci/spec.ts";
import type { UvmOptions } from "../../vmmanager/uvm.ts";
import type { RuntimeOptions } from "../tasks.ts";
import type { PodOptions } from "./ports.ts";

/** The pod's VM, as the spec of whoever needs it first wants it. */
export function uvmOptions(
  pod: PodOptions,
  options: RuntimeOptions | undefined,
  spec: Spec,
  networkNamespace: string | undefined,
): UvmOptions {
  const { id, stateDirectory, runc } = pod;
  const sizing = pod.sizing?.(spec);
  const { cgroupsPath } = spec.linux ?? {};
  const oomScoreAdj = podOomScore(spec);
  const { binaryName: binary, systemdCgroup, noPivotRoot, noNewKeyring } = options ?? {};
  const service = serviceOf(spec);
  const runhcs = pod.runhcs === undefined ? undefined : (options?.runhcs ?? pod.runhcs);
  return {
    id,
    stateDirectory,
    ...(sizing && { sizing }),
    ...(oomScoreAdj !== undefined && { oomScoreAdj }),
    ...(networkNamespace !== undefined && { networkNamespace }),
    // systemd's form names no directory.
    ...(cgroupsPath?.startsWith("/") && { cgroup: cgroupsPath }),
    ...(service && { vmService: service }),
    ...(runhcs !== undefined && { runhcs: { spec, options: RunhcsOptions.decode(Buffer.from(runhcs, "base64")) } }),
    runc: {
      ...runc,
      ...(binary && { binary }),
      ...(systemdCgroup && { systemdCgroup }),
      ...(noPivotRoot && { noPivotRoot }),
      ...(noNewKeyring && { noNewKeyring }),
    },
  };
}

/** Of the container that the VM is made for. Not of CRI's sandbox: -998 is the worth of its pause process. */
function podOomScore({ annotations, process }: Spec): number | undefined {
  if (annotations?.[annotation.containerType.name] === "sandbox") return undefined;
  const score = process?.oomScoreAdj;
  return typeof score === "number" && Number.isInteger(score) ? score : undefined;
}

function serviceOf({ annotations = {} }: Spec): UvmOptions["vmService"] {
  const { source, address, path } = vmService;
  const told = Object.entries({ source, address, path }).flatMap(([name, row]) => {
    const text = annotations[row.name];
    return text ? [[name, text]] : [];
  });
  return told.length === 0 ? undefined : Object.fromEntries(told);
}
