import { anyContainer } from "../../config/annotations/container.ts";
import { pod } from "../../config/annotations/pod.ts";
import { boot } from "../../config/annotations/vm-boot.ts";
import { windowsVm } from "../../config/annotations/vm-wcow.ts";
import { invalidArgument, notFound } from "../../errors/shim-error.ts";
import { readConsolePipe } from "./console-pipe.ts";
import { absolute } from "./host-facts.ts";
import { type HvSocketService, readHvSocketServices } from "./hv-socket.ts";
import { type RegistryValue, readRegistryValues } from "./registry-values.ts";
import { readerOf, type VmRequest } from "./vm-request.ts";
import { readTopology, type VmTopology } from "./vm-topology.ts";
import { type ConfidentialWcow, LEAST_CONFIDENTIAL_MIB, readConfidentialWcow } from "./wcow-confidential.ts";
import { windowsResources } from "./windows-resources.ts";

/** The VM's operating system: files of a layer behind VMBus; a confidential VM boots from disks instead. */
export interface WcowBootFiles {
  /** Shared as "os". */
  readonly osFolder: string;
  /** Relative to it; has bootmgfw.efi. Default \EFI\Microsoft\Boot. */
  readonly bootFolder?: string;
}

export interface WcowRequest extends VmRequest {
  /** The VM's own disk: SCSI 0:0. */
  readonly scratchVhd: string;
  /** Undefined for a confidential VM only. */
  readonly bootFiles?: WcowBootFiles;
  /** The VM goes on from here instead of booting. */
  readonly restore?: VmRestore;
  /** Of a confidential VM's firmware; hcsshim's schema calls them experimental. Empty: none. */
  readonly firmwareParameters?: string;
}

/** A saved state file, or a VM that was saved as a template. */
export type VmRestore = { readonly stateFile: string } | { readonly templateId: string };

/** What a WCOW VM is made of: its document follows from this alone. */
export interface WcowOptions {
  readonly id: string;
  readonly owner: string;
  readonly bundle: string;
  readonly topology: VmTopology;
  readonly scratchVhd: string;
  readonly boot: { readonly osFolder: string; readonly bootFolder: string } | ConfidentialWcow;
  readonly restore?: VmRestore;
  readonly registryValues: readonly RegistryValue[];
  readonly compartmentNamespace: boolean;
  readonly inheritTimezone: boolean;
  /** Of shares: whether the guest maps files instead of reading them. */
  readonly directMap: boolean;
  /** Folders of drivers, to install in the guest. */
  readonly kernelDrivers: readonly string[];
  readonly noWritableShares: boolean;
  /** In the guest; empty: no dumps of processes. */
  readonly processDumpLocation: string;
  /** Of the host, existing; undefined: no dumps of the VM. */
  readonly dumpFolder?: string;
  /** By GUID. */
  readonly hvSocketServices: ReadonlyMap<string, HvSocketService>;
  readonly consolePipe?: string;
  /** A screen and a keyboard. */
  readonly graphicsConsole: boolean;
  /** Empty: none. */
  readonly firmwareParameters: string;
  readonly logs: {
    readonly forwarded: boolean;
    /** Base64 of JSON; empty: the default providers alone. */
    readonly sources: string;
    readonly defaultSources: boolean;
  };
  /** Empty: none. */
  readonly networkConfigProxy: string;
}

/** As for LCOW; throws the same. */
export function readWcowOptions(request: WcowRequest): WcowOptions {
  const { spec, options, host, abilities } = request;
  const read = readerOf(request);
  const security = readConfidentialWcow(read, options, host);
  const resources = windowsResources(spec);
  const topology = readTopology({
    ...{ read, options, host, guest: "WCOW", isolated: security !== undefined, resources },
    // The memory of the spec is a container's, and may be less than such a VM needs.
    ...(security === undefined
      ? {}
      : { resources: { ...resources, memoryMiB: 0n }, defaultMemoryMiB: LEAST_CONFIDENTIAL_MIB }),
  });
  const osFiles = security ?? request.bootFiles;
  if (osFiles === undefined) throw invalidArgument(`VM ${request.id} has no boot files and no security policy`);
  const graphicsConsole = request.debug?.graphicsConsole ?? false;
  if (graphicsConsole && security?.isolation === "SecureNestedPaging") {
    throw invalidArgument("a VM with isolation SecureNestedPaging has no graphics console");
  }
  const dumpFolder = read.text(boot.dumpDirectory);
  if (dumpFolder !== "" && !host.folders.has(absolute(dumpFolder, host))) {
    throw notFound(`dump folder ${dumpFolder} does not exist, or is no folder`);
  }
  return {
    ...{ id: request.id, owner: request.owner, bundle: request.bundle, scratchVhd: request.scratchVhd, topology },
    boot: "policy" in osFiles ? osFiles : { bootFolder: "\\EFI\\Microsoft\\Boot", ...osFiles },
    ...(request.restore === undefined ? {} : { restore: request.restore }),
    registryValues: readRegistryValues(read, windowsVm.registryValues),
    compartmentNamespace: !read.bool(windowsVm.noCompartments, false),
    inheritTimezone: !read.bool(windowsVm.noInheritTimezone, options.noInheritHostTimezone),
    directMap: !read.bool(windowsVm.noDirectMap, false) && !topology.physicallyBackedDevices,
    kernelDrivers: read.textList(boot.kernelDrivers),
    noWritableShares: read.bool(boot.noWritableShares, false),
    processDumpLocation: read.text(anyContainer.dumpLocation),
    ...(dumpFolder === "" ? {} : { dumpFolder: absolute(dumpFolder, host) }),
    hvSocketServices: readHvSocketServices(read),
    ...readConsolePipe(read),
    graphicsConsole,
    firmwareParameters: request.firmwareParameters ?? "",
    logs: {
      // A confidential VM tells its host nothing unless it is asked to.
      forwarded: read.bool(windowsVm.logForwarding, security === undefined),
      sources: read.text(windowsVm.logSources),
      defaultSources: read.bool(windowsVm.defaultLogSources, true),
    },
    networkConfigProxy: abilities.networkConfigProxy ? read.text(pod.ncproxy, options.NCProxyAddr) : "",
  };
}
