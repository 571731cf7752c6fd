import { invalidArgument } from "../../../../errors/shim-error.ts";
import type { InitOf } from "../../../../prot/json-codec.ts";
import type { registryValue } from "../../../options/registry-values.ts";
import type { WindowsContainerOptions } from "../../../options/windows-container.ts";
import type { ComputeSystemInit } from "../schema/compute-system.ts";
import type { ContainerInit } from "../schema/container.ts";

const VOLUME = /^\\\\\?\\Volume\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}\\?$/i;
const LOCAL_DUMPS = "Microsoft\\Windows\\Windows Error Reporting\\LocalDumps";

type ValueInit = InitOf<typeof registryValue>;

/** What a container has beside its options: mounted, attached and made before. */
export interface WindowsContainerParts {
  /** Empty: the system's own. */
  readonly hostName: string;
  /** On this host a volume; in a VM a path there. */
  readonly rootPath: string;
  /** Mounted, the topmost first. */
  readonly layers: readonly { readonly id: string; readonly path: string }[];
  readonly mappedDirectories: NonNullable<ContainerInit["mappedDirectories"]>;
  readonly mappedPipes: NonNullable<ContainerInit["mappedPipes"]>;
  readonly network?: {
    readonly namespace: string;
    readonly unqualifiedDns: boolean;
    readonly dnsSearchList: readonly string[];
    readonly sharedContainer: string;
  };
  readonly credentialGuard?: NonNullable<ContainerInit["containerCredentialGuard"]>;
  readonly devices: readonly { readonly id: string; readonly idType: string }[];
  /** Of the device extensions' files. */
  readonly deviceNamespace?: object;
}

/** Throws invalid-argument for a root that is no volume (on this host), and for a device of an unknown type. */
export function windowsContainer(
  options: WindowsContainerOptions,
  parts: WindowsContainerParts,
  where: "host" | "vm",
): ContainerInit {
  const { hostProcess } = options;
  const { network } = parts;
  const limited = options.storageIops > 0 || options.storageBandwidth > 0;
  return {
    guestOs: parts.hostName === "" ? undefined : { hostName: parts.hostName },
    storage: {
      layers: parts.layers,
      path: where === "host" ? volume(parts.rootPath) : parts.rootPath,
      qos: limited ? { iopsMaximum: options.storageIops, bandwidthMaximum: options.storageBandwidth } : undefined,
      privilegedContainerRootPath: where === "vm" ? hostProcess?.rootfs : undefined,
    },
    mappedDirectories: parts.mappedDirectories,
    mappedPipes: parts.mappedPipes,
    memory: options.memoryMiB > 0n ? { sizeInMB: options.memoryMiB } : undefined,
    processor: { count: options.processors, maximum: options.processorLimit, weight: options.processorWeight },
    networking: network && {
      namespace: network.namespace,
      allowUnqualifiedDnsQuery: network.unqualifiedDns,
      dnsSearchList: network.dnsSearchList.join(","),
      networkSharedContainerName: network.sharedContainer,
    },
    containerCredentialGuard: options.groupAccount ? parts.credentialGuard : undefined,
    registryChanges: { addValues: registryValues(options) },
    assignedDevices: parts.devices.map(assignedDevice),
    additionalDeviceNamespace: parts.deviceNamespace,
    isolationType: where === "vm" && hostProcess !== undefined ? "HostProcess" : "",
  };
}

/** HCS takes a volume with its last separator only. */
function volume(path: string): string {
  if (!VOLUME.test(path)) throw invalidArgument(`root ${JSON.stringify(path)} is no volume: \\\\?\\Volume{GUID}\\`);
  return path.endsWith("\\") ? path : `${path}\\`;
}

function registryValues({ dumps, testValues }: WindowsContainerOptions): readonly ValueInit[] {
  const text = (hive: string, key: string, name: string, stringValue: string): ValueInit => ({
    ...{ key: { hive, name: key }, name, type: "String", stringValue },
  });
  const dword = (name: string, dwordValue: number): ValueInit => ({
    ...{ key: { hive: "Software", name: LOCAL_DUMPS }, name, type: "DWord", dwordValue },
  });
  return [
    // Servercore kills a process 5 s after it was asked to end: whoever asks decides that here.
    text("System", "ControlSet001\\Control", "WaitToKillServiceTimeout", String(0x7fff_ffff)),
    ...(dumps === undefined
      ? []
      : [
          text("Software", LOCAL_DUMPS, "DumpFolder", dumps.folder),
          dword("DumpType", dumps.type === "mini" ? 1 : 2),
          dword("DumpCount", dumps.count),
        ]),
    ...testValues,
  ];
}

function assignedDevice({ id, idType }: WindowsContainerParts["devices"][number]) {
  switch (idType) {
    case "vpci-location-path":
      return { type: "DeviceInstance", locationPath: id };
    case "class":
    case "vpci-class-guid":
      return { interfaceClassGuid: id };
    default:
      throw invalidArgument(`device ${id} is of type ${idType}, not vpci-class-guid or vpci-location-path`);
  }
}

/** On this host a system of its own, in a VM one that the VM hosts. */
export function containerSystem(owner: string, container: ContainerInit, hostingSystemId?: string): ComputeSystemInit {
  const version = { major: 2, minor: 1 };
  const frame = { owner, schemaVersion: version, shouldTerminateOnLastHandleClosed: true };
  return hostingSystemId === undefined
    ? { ...frame, container }
    : { ...frame, hostingSystemId, hostedSystem: { schemaVersion: version, container } };
}
