import { win32 } from "node:path";
import { confidentialWcow } from "../../../config/annotations/vm-confidential.ts";
import { invalidArgument, unimplemented } from "../../../errors/shim-error.ts";
import type { Options } from "../../../generated/containerd/runhcs/v1.ts";
import type { Logger } from "../../../log/logger.ts";
import { asObject } from "../../../prot/json-codec.ts";
import type { HostFacts } from "../../options/host-facts.ts";
import { type ConfidentialLcow, readLcowOptions } from "../../options/lcow.ts";
import type { LcowBoot } from "../../options/lcow-boot.ts";
import { readerOf, type ShimAbilities, type VmRequest } from "../../options/vm-request.ts";
import { readWcowOptions } from "../../options/wcow.ts";
import { wcowBootFromLayers } from "../../options/wcow-layers.ts";
import type { SecurityPolicy, UvmOptions, WindowsUvm } from "../../uvm.ts";
import { withAdditional } from "./document/additional.ts";
import type { HostWork } from "./document/host-work.ts";
import { lcowDocument } from "./document/lcow.ts";
import { wcowDocument } from "./document/wcow.ts";
import { type ComputeSystemInit, computeSystem } from "./schema/compute-system.ts";
import type { VmRecord } from "./vm-record.ts";

const OWNER = "containerd-shim-uvm-v1";

/** What a VM is made of, and what its host must do before. */
export interface VmPlan {
  readonly record: VmRecord;
  readonly work: readonly HostWork[];
  readonly policy?: PolicyPlan;
  /** Of a VM with a Windows guest, but for what HCS alone knows. */
  readonly windowsGuest?: Omit<WindowsUvm, "runtimeId">;
}

/** A SecurityPolicy of which parts are still in files of the host, if they are there. */
export interface PolicyPlan extends Pick<SecurityPolicy, "enforcer" | "policy"> {
  readonly referenceFile: string;
  readonly hashEnvelopeFile: string;
}

/** hcsshim's name of a pod's VM in HCS. */
export function systemIdOf(podId: string): string {
  return `${podId}@vm`;
}

/** The VM that the pod's annotations and runtime options ask for. Throws as `readLcowOptions` and `readWcowOptions`. */
export function planVm(
  uvm: UvmOptions,
  host: HostFacts,
  abilities: ShimAbilities,
  newGuid: () => string,
  log: Logger,
): VmPlan {
  const { runhcs } = uvm;
  if (runhcs === undefined) {
    throw invalidArgument(`vm ${uvm.id}: stack hcs needs the sandbox's spec and the runtime options`);
  }
  const { spec, debug, additionalDocument } = runhcs;
  const options = withPlatform(withSizing(runhcs.options, uvm), spec, host);
  const request: VmRequest = {
    ...{ id: systemIdOf(uvm.id), owner: OWNER, bundle: uvm.stateDirectory, spec, options, host, abilities },
    ...(debug && { debug }),
    warn: (message) => log.warn(`vm ${uvm.id}: ${message}`),
  };
  const isWindows = options.sandboxPlatform.toLowerCase().startsWith("windows/");
  const plan = isWindows ? planWcow(request) : planLcow(request, newGuid);
  const { record } = plan;
  return { ...plan, record: { ...record, document: withAdditional(record.document, additionalDocument) } };
}

function planLcow(request: VmRequest, newGuid: () => string): VmPlan {
  const options = readLcowOptions(request);
  const { document, work } = lcowDocument(options, newGuid);
  return {
    record: {
      os: "linux",
      document: wire(document),
      multiMapping: options.vpmem?.multiMapping ?? false,
      ...(options.encryptScratch && { encryptsScratch: true }),
      shareRules: { readOnly: options.noWritableShares },
    },
    work,
    ...(options.confidential && { policy: policyOf(options.confidential, options.boot) }),
  };
}

/** The files are beside those that the VM boots from. */
function policyOf(confidential: ConfidentialLcow, boot: LcowBoot): PolicyPlan {
  const { enforcer, policy, referenceInfoFile, hashEnvelopeFile } = confidential;
  const folder = boot.kind === "confidential" ? win32.dirname(boot.guestState) : boot.folder;
  const file = (name: string): string => win32.join(folder, name);
  return { enforcer, policy, referenceFile: file(referenceInfoFile), hashEnvelopeFile: file(hashEnvelopeFile) };
}

/** Boots from the image's layers, on a disk that is copied from theirs. */
function planWcow(request: VmRequest): VmPlan {
  if (readerOf({ ...request, warn: () => {} }).text(confidentialWcow.policy) !== "") {
    throw unimplemented(`vm ${request.id}: stack hcs has no confidential VMs with a Windows guest yet`);
  }
  const folders = layerFolders(request.spec.windows);
  const scratchFolder = folders.at(-1);
  if (scratchFolder === undefined) throw invalidArgument(`vm ${request.id}: the spec has no windows.layerFolders`);
  const layers = wcowBootFromLayers(folders.slice(0, -1), scratchFolder, request.host);
  const { bootFiles, scratchVhd, scratchTemplate } = layers;
  const options = readWcowOptions({ ...request, bootFiles, scratchVhd });
  const { document, work } = wcowDocument(options);
  const scratch: readonly HostWork[] =
    scratchTemplate === undefined
      ? []
      : [
          { do: "make-folder", path: win32.dirname(scratchVhd) },
          { do: "copy", from: scratchTemplate, to: scratchVhd },
        ];
  return {
    record: {
      os: "windows",
      document: wire(document),
      multiMapping: false,
      shareRules: { readOnly: options.noWritableShares, noDirectMap: !options.directMap },
    },
    work: [...scratch, ...work],
    windowsGuest: {
      processors: options.topology.processors,
      dumpLocation: options.processDumpLocation,
      scaleLimit: request.options.scaleCpuLimitsToSandbox,
      inheritTimezone: options.inheritTimezone,
      ...(options.logs.forwarded && { logs: { sources: options.logs.sources } }),
    },
  };
}

/** A size that the shim's own configuration gives is the least that counts. */
function withSizing(options: Options, { sizing }: UvmOptions): Options {
  if (sizing === undefined) return options;
  return {
    ...options,
    vmProcessorCount: options.vmProcessorCount > 0 ? options.vmProcessorCount : sizing.processors,
    vmMemorySizeInMb: options.vmMemorySizeInMb > 0 ? options.vmMemorySizeInMb : sizing.memoryMiB,
  };
}

/** Options that name no platform are of the spec's own. */
function withPlatform(options: Options, spec: { readonly linux?: unknown }, { architecture }: HostFacts): Options {
  if (options.sandboxPlatform !== "") return options;
  return { ...options, sandboxPlatform: `${spec.linux === undefined ? "windows" : "linux"}/${architecture}` };
}

/** The topmost layer first, the container's own folder last. */
function layerFolders(windows: unknown): readonly string[] {
  const folders = windows === undefined ? [] : (asObject(windows, "windows").layerFolders ?? []);
  if (Array.isArray(folders) && folders.every((folder) => typeof folder === "string")) return folders;
  throw invalidArgument("windows.layerFolders of the spec is no list of folders");
}

function wire(document: ComputeSystemInit): VmRecord["document"] {
  return asObject(computeSystem.encode(document), "document");
}
