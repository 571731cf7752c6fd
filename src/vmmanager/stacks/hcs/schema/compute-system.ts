import { bool, type InitOf, i32, list, optional, type TypeOf, text } from "../../../../prot/json-codec.ts";
import { field, record } from "../../../../prot/json-record.ts";
import { registryKey, registryValue } from "../../../options/registry-values.ts";
import { chipset } from "./chipset.ts";
import { devices } from "./devices.ts";
import { guestState, securitySettings } from "./security.ts";
import { topology } from "./topology.ts";

const version = record({
  major: field("Major", i32, "omitempty"),
  minor: field("Minor", i32, "omitempty"),
});

const debugOptions = record({
  bugcheckSavedStateFileName: field("BugcheckSavedStateFileName", text, "omitempty"),
  bugcheckNoCrashdumpSavedStateFileName: field("BugcheckNoCrashdumpSavedStateFileName", text, "omitempty"),
});

const virtualMachine = record({
  version: field("Version", optional(version), "omitempty"),
  stopOnReset: field("StopOnReset", bool, "omitempty"),
  chipset: field("Chipset", optional(chipset), "omitempty"),
  computeTopology: field("ComputeTopology", optional(topology), "omitempty"),
  devices: field("Devices", optional(devices), "omitempty"),
  guestState: field("GuestState", optional(guestState), "omitempty"),
  /** The VM goes on from here when it is started. */
  restoreState: field(
    "RestoreState",
    optional(
      record({
        saveStateFilePath: field("SaveStateFilePath", text, "omitempty"),
        templateSystemId: field("TemplateSystemId", text, "omitempty"),
      }),
    ),
    "omitempty",
  ),
  registryChanges: field(
    "RegistryChanges",
    optional(
      record({
        addValues: field("AddValues", list(registryValue), "omitempty"),
        deleteKeys: field("DeleteKeys", list(registryKey), "omitempty"),
      }),
    ),
    "omitempty",
  ),
  storageQoS: field(
    "StorageQoS",
    optional(
      record({
        iopsMaximum: field("IopsMaximum", i32, "omitempty"),
        bandwidthMaximum: field("BandwidthMaximum", i32, "omitempty"),
      }),
    ),
    "omitempty",
  ),
  debugOptions: field("DebugOptions", optional(debugOptions), "omitempty"),
  securitySettings: field("SecuritySettings", optional(securitySettings), "omitempty"),
  resourcePartitionId: field("ResourcePartitionId", text, "omitempty"),
});

/** The document of HcsCreateComputeSystem, for a VM (HCS schema 2). What is zero is not written, as hcsshim does. */
export const computeSystem = record({
  owner: field("Owner", text, "omitempty"),
  schemaVersion: field("SchemaVersion", optional(version), "omitempty"),
  virtualMachine: field("VirtualMachine", optional(virtualMachine), "omitempty"),
  shouldTerminateOnLastHandleClosed: field("ShouldTerminateOnLastHandleClosed", bool, "omitempty"),
});
export type ComputeSystem = TypeOf<typeof computeSystem>;
export type ComputeSystemInit = InitOf<typeof computeSystem>;
