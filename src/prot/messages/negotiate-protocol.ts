import { bool, list, type TypeOf, text, u32 } from "../json-codec.ts";
import { field, record } from "../json-record.ts";
import { schemaVersion } from "../schema-version.ts";
import { messageBaseFields, messageResponseBaseFields } from "./base.ts";

export const negotiateProtocol = record({
  ...messageBaseFields,
  minimumVersion: field("MinimumVersion", u32),
  maximumVersion: field("MaximumVersion", u32),
  /** Ours: the largest frame in bytes that the host reads. Absent (0): hcsshim's 64 KiB. */
  maximumReceiveSize: field("MaximumReceiveSize", u32, "omitempty"),
  /** Ours: the host knows the notification type OutOfMemory. */
  outOfMemoryNotifications: field("OutOfMemoryNotifications", bool, "omitempty"),
});
export type NegotiateProtocol = TypeOf<typeof negotiateProtocol>;

export const gcsGuestCapabilities = record({
  namespaceAddRequestSupported: field("NamespaceAddRequestSupported", bool, "omitempty"),
  signalProcessSupported: field("SignalProcessSupported", bool, "omitempty"),
  dumpStacksSupported: field("DumpStacksSupported", bool, "omitempty"),
  deleteContainerStateSupported: field("DeleteContainerStateSupported", bool, "omitempty"),
  // Windows guests.
  updateContainerSupported: field("UpdateContainerSupported", bool, "omitempty"),
  logForwardingSupported: field("LogForwardingSupported", bool, "omitempty"),
  hostProcessContainerSupported: field("HostProcessContainerSupported", bool, "omitempty"),
  // Ours, from here on (docs/gcs-protocol.md).
  initStdioSupported: field("InitStdioSupported", bool, "omitempty"),
  freezerSupported: field("FreezerSupported", bool, "omitempty"),
  signalAllSupported: field("SignalAllSupported", bool, "omitempty"),
  cgroupV2MetricsSupported: field("CgroupV2MetricsSupported", bool, "omitempty"),
  resumeSupported: field("ResumeSupported", bool, "omitempty"),
  processorsSupported: field("ProcessorsSupported", bool, "omitempty"),
  outOfMemoryNotificationsSupported: field("OutOfMemoryNotificationsSupported", bool, "omitempty"),
  podSupported: field("PodSupported", bool, "omitempty"),
});
export type GcsGuestCapabilities = TypeOf<typeof gcsGuestCapabilities>;

export const gcsCapabilities = record({
  /** The host has to send a Create for the UVM itself. */
  sendHostCreateMessage: field("SendHostCreateMessage", bool, "omitempty"),
  /** And a Start. */
  sendHostStartMessage: field("SendHostStartMessage", bool, "omitempty"),
  hvSocketConfigOnStartup: field("HvSocketConfigOnStartup", bool, "omitempty"),
  sendLifecycleNotifications: field("SendLifecycleNotifications", bool, "omitempty"),
  modifyServiceSettingsSupported: field("ModifyServiceSettingsSupported", bool, "omitempty"),
  supportedSchemaVersions: field("SupportedSchemaVersions", list(schemaVersion), "omitempty"),
  runtimeOsType: field("RuntimeOsType", text, "omitempty"),
  guestDefinedCapabilities: field("GuestDefinedCapabilities", gcsGuestCapabilities),
});
export type GcsCapabilities = TypeOf<typeof gcsCapabilities>;

export const negotiateProtocolResponse = record({
  ...messageResponseBaseFields,
  version: field("Version", u32),
  capabilities: field("Capabilities", gcsCapabilities),
});
export type NegotiateProtocolResponse = TypeOf<typeof negotiateProtocolResponse>;
