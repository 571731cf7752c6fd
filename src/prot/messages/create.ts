import { anyObject, jsonText, optional, type TypeOf, text, u32 } from "../json-codec.ts";
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

/** ContainerConfig when the UVM itself is created (guests that ask for it: SendHostCreateMessage). */
export const uvmConfig = record({
  systemType: field("SystemType", text),
  timeZoneInformation: field("TimeZoneInformation", optional(anyObject), "omitempty"),
});
export type UvmConfig = TypeOf<typeof uvmConfig>;

export const vmHostedContainerSettingsV2Text = jsonText(vmHostedContainerSettingsV2);
export const uvmConfigText = jsonText(uvmConfig);
