import { anyObject, i32, jsonText, optional, type TypeOf, text, u32 } from "../json-codec.ts";
import { field, record } from "../json-record.ts";
import { schemaVersion } from "../schema-version.ts";
import { messageBaseFields, messageResponseBaseFields } from "./base.ts";
import { executeProcessVsockStdioRelaySettings } from "./execute-process.ts";

/** The HostedSystem as the Linux GCS takes it: an OCI spec instead of a Container. */
export const vmHostedContainerSettingsV2 = record({
  schemaVersion: field("SchemaVersion", schemaVersion),
  ociBundlePath: field("OciBundlePath", text, "omitempty"),
  ociSpecification: field("OciSpecification", optional(anyObject), "omitempty"),
  /** Where the container's scratch disk (or its directory on a shared one) is mounted in the UVM. */
  scratchDirPath: field("ScratchDirPath", text),
});
export type VmHostedContainerSettingsV2 = TypeOf<typeof vmHostedContainerSettingsV2>;

/** The schema version that V2 settings are written in; the guest refuses older ones. */
export const V2_SCHEMA_VERSION = { major: 2, minor: 1 } as const;

/** Protocol versions 3 and lower negotiated here; V4 reads past it. */
export const protocolSupport = record({
  minimumVersion: field("MinimumVersion", text, "omitempty"),
  maximumVersion: field("MaximumVersion", text, "omitempty"),
  minimumProtocolVersion: field("MinimumProtocolVersion", u32),
  maximumProtocolVersion: field("MaximumProtocolVersion", u32),
});
export type ProtocolSupport = TypeOf<typeof protocolSupport>;

/** `containerConfig` stays text here: what it holds depends on whom the message is for. */
export const containerCreate = record({
  ...messageBaseFields,
  containerConfig: field("ContainerConfig", text),
  supportedVersions: field("SupportedVersions", optional(protocolSupport), "omitempty"),
  /** Ours (InitStdioSupported): the init's stdio, dialled before the container is created. */
  vsockStdioRelaySettings: field(
    "VsockStdioRelaySettings",
    optional(executeProcessVsockStdioRelaySettings),
    "omitempty",
  ),
});
export type ContainerCreate = TypeOf<typeof containerCreate>;

export const containerCreateResponse = record({
  ...messageResponseBaseFields,
  selectedVersion: field("SelectedVersion", text, "omitempty"),
  /** Of protocols before V4; ignored. */
  selectedProtocolVersion: field("SelectedProtocolVersion", u32),
  /** Ours (InitStdioSupported): the created init's pid. */
  processId: field("ProcessId", u32, "omitempty"),
});
export type ContainerCreateResponse = TypeOf<typeof containerCreateResponse>;

/** A Windows container in a VM: `container` is the HCS schema's, encoded. */
export const hostedSystem = record({
  schemaVersion: field("SchemaVersion", optional(schemaVersion), "omitempty"),
  container: field("Container", optional(anyObject), "omitempty"),
});
export type HostedSystem = TypeOf<typeof hostedSystem>;

/** The same for a confidential VM, whose sidecar holds the OCI spec against its policy. */
export const cwcowHostedSystem = record({
  spec: field("Spec", anyObject),
  cwcowHostedSystem: field("CWCOWHostedSystem", hostedSystem),
});
export type CwcowHostedSystem = TypeOf<typeof cwcowHostedSystem>;

const systemTime = record({
  year: field("Year", i32, "omitempty"),
  month: field("Month", i32, "omitempty"),
  dayOfWeek: field("DayOfWeek", i32, "omitempty"),
  day: field("Day", i32, "omitempty"),
  hour: field("Hour", i32, "omitempty"),
  minute: field("Minute", i32, "omitempty"),
  second: field("Second", i32, "omitempty"),
  milliseconds: field("Milliseconds", i32, "omitempty"),
});

/** Windows' TIME_ZONE_INFORMATION: biases in minutes, the dates on which summer time ends and begins. */
export const timeZoneInformation = record({
  bias: field("Bias", i32, "omitempty"),
  standardName: field("StandardName", text, "omitempty"),
  standardDate: field("StandardDate", optional(systemTime), "omitempty"),
  standardBias: field("StandardBias", i32, "omitempty"),
  daylightName: field("DaylightName", text, "omitempty"),
  daylightDate: field("DaylightDate", optional(systemTime), "omitempty"),
  daylightBias: field("DaylightBias", i32, "omitempty"),
});
export type TimeZoneInformation = TypeOf<typeof timeZoneInformation>;

/** ContainerConfig when the UVM itself is created (guests that ask for it: SendHostCreateMessage). */
export const uvmConfig = record({
  /** "Container", nothing else. */
  systemType: field("SystemType", text),
  /** Null where there is none. */
  timeZoneInformation: field("TimeZoneInformation", optional(timeZoneInformation)),
});
export type UvmConfig = TypeOf<typeof uvmConfig>;

export const vmHostedContainerSettingsV2Text = jsonText(vmHostedContainerSettingsV2);
export const uvmConfigText = jsonText(uvmConfig);
