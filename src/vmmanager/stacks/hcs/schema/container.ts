import { anyObject, bool, type InitOf, i32, list, optional, text, u64 } from "../../../../prot/json-codec.ts";
import { field, record } from "../../../../prot/json-record.ts";
import { registryValue } from "../../../options/registry-values.ts";
import { schemaVersion } from "./schema-version.ts";

const layer = record({
  id: field("Id", text, "omitempty"),
  path: field("Path", text, "omitempty"),
  pathType: field("PathType", text, "omitempty"),
  cache: field("Cache", text, "omitempty"),
});

export const storageQos = record({
  iopsMaximum: field("IopsMaximum", i32, "omitempty"),
  bandwidthMaximum: field("BandwidthMaximum", i32, "omitempty"),
});

const storage = record({
  layers: field("Layers", list(layer), "omitempty"),
  path: field("Path", text, "omitempty"),
  qos: field("QoS", optional(storageQos), "omitempty"),
  privilegedContainerRootPath: field("PrivilegedContainerRootPath", text, "omitempty"),
});

const mappedDirectory = record({
  hostPath: field("HostPath", text, "omitempty"),
  hostPathType: field("HostPathType", text, "omitempty"),
  containerPath: field("ContainerPath", text, "omitempty"),
  readOnly: field("ReadOnly", bool, "omitempty"),
});

const mappedPipe = record({
  containerPipeName: field("ContainerPipeName", text, "omitempty"),
  hostPath: field("HostPath", text, "omitempty"),
  hostPathType: field("HostPathType", text, "omitempty"),
});

const networking = record({
  allowUnqualifiedDnsQuery: field("AllowUnqualifiedDnsQuery", bool, "omitempty"),
  /** With commas between. */
  dnsSearchList: field("DnsSearchList", text, "omitempty"),
  networkSharedContainerName: field("NetworkSharedContainerName", text, "omitempty"),
  namespace: field("Namespace", text, "omitempty"),
});

const credentialGuard = record({
  cookie: field("Cookie", text, "omitempty"),
  rpcEndpoint: field("RpcEndpoint", text, "omitempty"),
  transport: field("Transport", text, "omitempty"),
  credentialSpec: field("CredentialSpec", text, "omitempty"),
});

const assignedDevice = record({
  /** "DeviceInstance" for a location path; nothing for a class. */
  type: field("Type", text, "omitempty"),
  interfaceClassGuid: field("InterfaceClassGuid", text, "omitempty"),
  locationPath: field("LocationPath", text, "omitempty"),
});

/** A Windows container (HCS schema 2), on this host or in a VM. */
export const container = record({
  guestOs: field("GuestOs", optional(record({ hostName: field("HostName", text, "omitempty") })), "omitempty"),
  storage: field("Storage", optional(storage), "omitempty"),
  mappedDirectories: field("MappedDirectories", list(mappedDirectory), "omitempty"),
  mappedPipes: field("MappedPipes", list(mappedPipe), "omitempty"),
  memory: field("Memory", optional(record({ sizeInMB: field("SizeInMB", u64, "omitempty") })), "omitempty"),
  processor: field(
    "Processor",
    optional(
      record({
        count: field("Count", i32, "omitempty"),
        maximum: field("Maximum", i32, "omitempty"),
        weight: field("Weight", i32, "omitempty"),
      }),
    ),
    "omitempty",
  ),
  networking: field("Networking", optional(networking), "omitempty"),
  containerCredentialGuard: field("ContainerCredentialGuard", optional(credentialGuard), "omitempty"),
  registryChanges: field(
    "RegistryChanges",
    optional(record({ addValues: field("AddValues", list(registryValue), "omitempty") })),
    "omitempty",
  ),
  assignedDevices: field("AssignedDevices", list(assignedDevice), "omitempty"),
  /** Of the device extensions' files. */
  additionalDeviceNamespace: field("AdditionalDeviceNamespace", optional(anyObject), "omitempty"),
  /** "HostProcess". */
  isolationType: field("IsolationType", text, "omitempty"),
});
export type ContainerInit = InitOf<typeof container>;

/** What a VM's guest is given as ContainerConfig. */
export const hostedSystem = record({
  schemaVersion: field("SchemaVersion", optional(schemaVersion), "omitempty"),
  container: field("Container", optional(container), "omitempty"),
});
