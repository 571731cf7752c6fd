import { anyContainer } from "../../config/annotations/container.ts";
import { pod } from "../../config/annotations/pod.ts";
import { boot } from "../../config/annotations/vm-boot.ts";
import { confidential, confidentialLcow } from "../../config/annotations/vm-confidential.ts";
import { invalidArgument } from "../../errors/shim-error.ts";
import type { AnnotationReader } from "./annotation-reader.ts";
import { type AssignedDevice, readAssignedDevices } from "./assigned-devices.ts";
import { readConsolePipe } from "./console-pipe.ts";
import { Build } from "./host-facts.ts";
import { type HvSocketService, readHvSocketServices } from "./hv-socket.ts";
import { type LcowBoot, readLcowBoot } from "./lcow-boot.ts";
import { type LcowDebug, readerOf, type VmRequest } from "./vm-request.ts";
import { readTopology, type VmTopology } from "./vm-topology.ts";
import { readVpmem, type Vpmem } from "./vpmem.ts";
import { windowsResources } from "./windows-resources.ts";

const PLATFORMS = new Map([
  ["linux/amd64", "amd64"],
  ["linux/arm64", "arm64"],
] as const);

/** What an LCOW VM is made of: its document follows from this alone. */
export interface LcowOptions {
  readonly id: string;
  readonly owner: string;
  readonly bundle: string;
  /** Of the guest. */
  readonly architecture: "amd64" | "arm64";
  readonly topology: VmTopology;
  readonly boot: LcowBoot;
  readonly kernel: LcowKernel;
  readonly scsiControllers: number;
  readonly vpmem?: Vpmem;
  readonly devices: readonly AssignedDevice[];
  /** By GUID. */
  readonly hvSocketServices: ReadonlyMap<string, HvSocketService>;
  readonly extraVsockPorts: readonly number[];
  readonly consolePipe?: string;
  /** Nothing is used that can't migrate. */
  readonly migration: boolean;
  /** VHDs of kernel modules, to install in the guest. */
  readonly kernelDrivers: readonly string[];
  readonly noWritableShares: boolean;
  readonly policyBasedRouting: boolean;
  readonly encryptScratch: boolean;
  readonly debug: LcowDebug;
  readonly confidential?: ConfidentialLcow;
}

/** What the kernel's command line says beside the boot files. */
export interface LcowKernel {
  readonly options: string;
  /** Of device mapper, for a root VHD that the kernel verifies. */
  readonly verity?: string;
  readonly vpci: boolean;
  readonly writableOverlays: boolean;
  readonly logLevel: string;
  readonly disableTimeSync: boolean;
  /** Undefined: the guest's own. */
  readonly scrubLogs?: boolean;
  readonly coreDumpLocation: string;
  readonly extraArguments: string;
}

export interface ConfidentialLcow {
  /** Base64. */
  readonly policy: string;
  readonly enforcer: string;
  /** False: the policy is enforced in a VM like any other, for tests. */
  readonly isolated: boolean;
  readonly referenceInfoFile: string;
  readonly hashEnvelopeFile: string;
  /** Empty: none. */
  readonly amdCertificateFile: string;
  /** Containers see these files in their root. */
  readonly inContainers: boolean;
}

/**
 * The options of an LCOW VM, from annotations, runtime options and hcsshim's defaults, in this order of precedence. Throws
 * invalid-argument, not-found, failed-precondition (this Windows can't) or unimplemented (this shim can't).
 */
export function readLcowOptions(request: VmRequest): LcowOptions {
  const { spec, options, host, warn } = request;
  const read = readerOf(request);
  const architecture = PLATFORMS.get(options.sandboxPlatform.toLowerCase() as "linux/amd64" | "linux/arm64");
  if (architecture === undefined) {
    throw invalidArgument(`sandbox platform ${JSON.stringify(options.sandboxPlatform)} is not supported for LCOW`);
  }
  const security = readConfidential(read);
  const isolated = security?.isolated ?? false;
  const topology = readTopology({
    ...{ read, options, host, guest: "LCOW", isolated, resources: windowsResources(spec) },
  });
  const files = readLcowBoot(read, options, host, isolated);
  const vpmem = readVpmem(read, host, {
    offered: request.abilities.vpmem,
    physical: topology.physicallyBackedDevices || isolated,
  });
  return {
    ...{ id: request.id, owner: request.owner, bundle: request.bundle, architecture, topology, boot: files },
    kernel: readKernel(request, read, files),
    // Layers that are not on VPMem need the locations of all four controllers.
    scsiControllers: vpmem === undefined && host.build >= Build.RS5 ? 4 : 1,
    ...(vpmem === undefined ? {} : { vpmem }),
    devices: isolated ? [] : readAssignedDevices(spec, warn),
    hvSocketServices: readHvSocketServices(read),
    extraVsockPorts: read.u32List(boot.extraVsockPorts),
    ...(isolated ? {} : readConsolePipe(read)),
    migration: read.bool(pod.migrationSupport, false),
    kernelDrivers: read.textList(boot.kernelDrivers),
    noWritableShares: read.bool(boot.noWritableShares, false),
    policyBasedRouting: read.bool(boot.policyBasedRouting, false),
    encryptScratch: read.bool(confidential.scratchEncryption, security !== undefined),
    // A confidential VM runs what was measured, and shows its host nothing.
    debug: isolated ? {} : (request.debug ?? {}),
    ...(security === undefined ? {} : { confidential: security }),
  };
}

function readConfidential(read: AnnotationReader): ConfidentialLcow | undefined {
  const policy = read.text(confidentialLcow.policy);
  if (policy === "") return undefined;
  return {
    policy,
    enforcer: read.text(confidentialLcow.enforcer, "rego"),
    isolated: !read.bool(confidential.noHardware, false),
    referenceInfoFile: read.text(confidentialLcow.referenceInfo, "reference_info.cose"),
    hashEnvelopeFile: read.text(confidential.hashEnvelope, "reference_info_hash_envelope.cose"),
    amdCertificateFile: read.text(confidentialLcow.amdCertificate),
    inContainers: read.bool(confidentialLcow.policyEnv, true),
  };
}

function readKernel({ options, warn }: VmRequest, read: AnnotationReader, files: LcowBoot): LcowKernel {
  const isVhd = files.kind !== "confidential" && files.rootfs === "vhd";
  const verity = isVhd && read.bool(confidentialLcow.verityMode, false);
  const verityArguments = read.text(confidentialLcow.verityArguments);
  if (verity && verityArguments === "") {
    throw invalidArgument(`${confidentialLcow.verityMode.name} is true: set ${confidentialLcow.verityArguments.name}`);
  }
  const writableOverlays = read.bool(boot.writableOverlays, false);
  if (writableOverlays && !isVhd) {
    warn(`annotation ${boot.writableOverlays.name} is passed over: this root file system is no VHD`);
  }
  return {
    options: read.text(boot.kernelOptions),
    ...(verity ? { verity: verityArguments } : {}),
    vpci: read.bool(boot.vpci, false),
    writableOverlays: writableOverlays && isVhd,
    logLevel: options.logLevel || (options.debug ? "debug" : "info"),
    disableTimeSync: read.bool(boot.disableTimeSync, false),
    ...(options.scrubLogs === undefined ? {} : { scrubLogs: options.scrubLogs }),
    coreDumpLocation: read.text(anyContainer.dumpLocation),
    extraArguments: read.text(boot.extraArguments),
  };
}
