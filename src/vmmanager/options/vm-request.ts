import type { Annotation } from "../../config/annotations/annotation.ts";
import { pod } from "../../config/annotations/pod.ts";
import { boot } from "../../config/annotations/vm-boot.ts";
import { unimplemented } from "../../errors/shim-error.ts";
import type { Options } from "../../generated/containerd/runhcs/v1.ts";
import { AnnotationReader, type Warn } from "./annotation-reader.ts";
import { effectiveAnnotations } from "./effective-annotations.ts";
import type { HostFacts } from "./host-facts.ts";
import type { VmSpec } from "./windows-resources.ts";

/** What the shim around a VM can do; what it can't is refused by name, not passed over. */
export interface ShimAbilities {
  /** Layers over VPMem: hcsshim's v1 does, its LCOW shim v2 does not. */
  readonly vpmem: boolean;
  readonly networkConfigProxy: boolean;
  readonly kernelDrivers: boolean;
}

/** What no annotation says: whoever looks into an LCOW VM asks for it. */
export interface LcowDebug {
  /** A screen and a keyboard. */
  readonly graphicsConsole?: boolean;
  /** What init runs instead of gcs. */
  readonly execCommandLine?: string;
  /** What of its output goes to the log. Defaults: false and true. */
  readonly forwardStdout?: boolean;
  readonly forwardStderr?: boolean;
}

export interface VmRequest {
  readonly id: string;
  readonly owner: string;
  /** Folder of the host for what is the VM's own. */
  readonly bundle: string;
  /** Of the pod's sandbox. */
  readonly spec: VmSpec;
  readonly options: Options;
  readonly host: HostFacts;
  readonly abilities: ShimAbilities;
  readonly debug?: LcowDebug;
  readonly warn: Warn;
}

/** The annotations that hold. Throws unimplemented for one that the shim has no code for. */
export function readerOf({ id, spec, options, abilities, warn }: VmRequest): AnnotationReader {
  const read = new AnnotationReader(effectiveAnnotations(spec.annotations ?? {}, options, warn), warn, `vm ${id}`);
  const needs: readonly (readonly [Annotation, boolean])[] = [
    [pod.ncproxy, abilities.networkConfigProxy],
    [boot.kernelDrivers, abilities.kernelDrivers],
  ];
  for (const [{ name }, able] of needs) {
    if (!able && (read.values[name] ?? "") !== "") throw unimplemented(`annotation ${name} is not supported`);
  }
  if (!abilities.networkConfigProxy && options.NCProxyAddr !== "") {
    warn("the runtime option NCProxyAddr is passed over: it is not supported");
  }
  return read;
}
