import { win32 } from "node:path";
import { topology } from "../../config/annotations/topology.ts";
import { boot } from "../../config/annotations/vm-boot.ts";
import { confidential, confidentialWcow } from "../../config/annotations/vm-confidential.ts";
import { invalidArgument } from "../../errors/shim-error.ts";
import type { Options } from "../../generated/containerd/runhcs/v1.ts";
import { AnnotationReader } from "./annotation-reader.ts";
import { absolute, type HostFacts } from "./host-facts.ts";

export const LEAST_CONFIDENTIAL_MIB = 2048n;

export type IsolationType = "SecureNestedPaging" | "VirtualizationBasedSecurity" | "GuestStateOnly";

const isolationTypes = new Map<string, IsolationType>([
  ["SNP", "SecureNestedPaging"],
  ["SecureNestedPaging", "SecureNestedPaging"],
  ["VBS", "VirtualizationBasedSecurity"],
  ["VirtualizationBasedSecurity", "VirtualizationBasedSecurity"],
  ["GuestStateOnly", "GuestStateOnly"],
]);

const guestStateFiles: Readonly<Record<IsolationType, string>> = {
  SecureNestedPaging: "cwcow.snp.vmgs",
  VirtualizationBasedSecurity: "cwcow.vbs.vmgs",
  GuestStateOnly: "cwcow.gso.vmgs",
};

/** Of a confidential WCOW VM. Paths are of the host. */
export interface ConfidentialWcow {
  /** Base64. */
  readonly policy: string;
  /** Empty: the guest's own. */
  readonly enforcer: string;
  readonly isolation: IsolationType;
  readonly secureBoot: boolean;
  readonly writableEfi: boolean;
  readonly efiVhd: string;
  /** Has the block CIM of the operating system. */
  readonly bootCimVhd: string;
  readonly guestStateFile: string;
  readonly referenceInfoFile: string;
  readonly hashEnvelopeFile: string;
  /** Empty: none. */
  readonly amdCertificateFile: string;
  /** Containers see these files in their root. */
  readonly inContainers: boolean;
  /** The boot and scratch disks of an ended VM are kept here. */
  readonly debugDataPath?: string;
}

/** Undefined without a policy. Throws invalid-argument for too little memory, or for what goes with a policy only. */
export function readConfidentialWcow(
  read: AnnotationReader,
  options: Options,
  host: HostFacts,
): ConfidentialWcow | undefined {
  const policy = read.text(confidentialWcow.policy);
  const debug = read.bool(confidentialWcow.debug, false);
  if (policy === "") {
    if (debug) throw invalidArgument(`${confidentialWcow.debug.name} is for confidential WCOW VMs: there is no policy`);
    return undefined;
  }
  const option = BigInt(Math.max(0, options.vmMemorySizeInMb));
  // What can't be read is warned of where the memory is set.
  const quiet = new AnnotationReader(read.values, () => {});
  const memoryMiB = quiet.u64(topology.memorySize, option || LEAST_CONFIDENTIAL_MIB);
  if (memoryMiB < LEAST_CONFIDENTIAL_MIB) {
    throw invalidArgument(`a confidential VM is to have ${memoryMiB} MiB: it needs ${LEAST_CONFIDENTIAL_MIB}`);
  }
  const debugDataPath = read.text(confidentialWcow.debugDataPath);
  if (debug && debugDataPath === "") {
    throw invalidArgument(`${confidentialWcow.debug.name} is true: set ${confidentialWcow.debugDataPath.name}`);
  }
  const isolation = readIsolation(read);
  const given = read.text(boot.bootFiles, options.bootFilesRootPath);
  const folder = given === "" ? win32.join(host.shimFolder, "WindowsBootFiles", "confidential") : absolute(given, host);
  const file = (name: string) => win32.join(folder, name);
  return {
    ...{ policy, isolation },
    enforcer: read.text(confidentialWcow.enforcer),
    secureBoot: !read.bool(confidentialWcow.noSecureBoot, false),
    writableEfi: read.bool(confidentialWcow.writableEfi, false),
    efiVhd: file("boot.vhd"),
    bootCimVhd: file("rootfs.vhd"),
    guestStateFile: read.text(confidentialWcow.guestStateFile) || file(guestStateFiles[isolation]),
    referenceInfoFile: read.text(confidentialWcow.referenceInfo) || file("reference_info.cose"),
    hashEnvelopeFile: read.text(confidential.hashEnvelope) || file("reference_info_hash_envelope.cose"),
    amdCertificateFile: read.text(confidentialWcow.amdCertificate),
    inContainers: read.bool(confidentialWcow.policyEnv, true),
    ...(debug ? { debugDataPath } : {}),
  };
}

function readIsolation(read: AnnotationReader): IsolationType {
  const fallback = read.bool(confidential.noHardware, false) ? "GuestStateOnly" : "SecureNestedPaging";
  const given = read.text(confidentialWcow.isolationType, fallback);
  const isolation = isolationTypes.get(given);
  if (isolation !== undefined) return isolation;
  const known = [...isolationTypes.keys()].join(", ");
  throw invalidArgument(
    `annotation ${confidentialWcow.isolationType.name} is ${JSON.stringify(given)}, not one of ${known}`,
  );
}
