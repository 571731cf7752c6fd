import { bool, type InitOf, list, optional, type TypeOf, text } from "../../../../prot/json-codec.ts";
import { field, record } from "../../../../prot/json-record.ts";
import { registryKey, registryValue } from "../../../options/registry-values.ts";
import { chipset } from "./chipset.ts";
import { container, hostedSystem, storageQos } from "./container.ts";
import { devices } from "./devices.ts";
import { migrationOptions } from "./migration.ts";
import { schemaVersion } from "./schema-version.ts";
import { guestState, securitySettings } from "./security.ts";
import { topology } from "./topology.ts";

const debugOptions = record({
  bugcheckSavedStateFileName: field("BugcheckSavedStateFileName", text, "omitempty"),
  bugcheckNoCrashdumpSavedStateFileName: field("BugcheckNoCrashdumpSavedStateFileName", text, "omitempty"),
});

const virtualMachine = record({
  version: field("Version", optional(schemaVersion), "omitempty"),
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
  storageQoS: field("StorageQoS", optional(storageQos), "omitempty"),
  debugOptions: field("DebugOptions", optional(debugOptions), "omitempty"),
  securitySettings: field("SecuritySettings", optional(securitySettings), "omitempty"),
  resourcePartitionId: field("ResourcePartitionId", text, "omitempty"),
  /** At the destination of a live migration. */
  migrationOptions: field("MigrationOptions", optional(migrationOptions), "omitempty"),
});

/** The document of HcsCreateComputeSystem (HCS schema 2): one of a VM, a container and a hosted system. Zeros are not written. */
export const computeSystem = record({
  owner: field("Owner", text, "omitempty"),
  schemaVersion: field("SchemaVersion", optional(schemaVersion), "omitempty"),
  virtualMachine: field("VirtualMachine", optional(virtualMachine), "omitempty"),
  /** Where a container is hosted, with `hostedSystem`. */
  hostingSystemId: field("HostingSystemId", text, "omitempty"),
  hostedSystem: field("HostedSystem", optional(hostedSystem), "omitempty"),
  container: field("Container", optional(container), "omitempty"),
  shouldTerminateOnLastHandleClosed: field("ShouldTerminateOnLastHandleClosed", bool, "omitempty"),
});
export type ComputeSystem = TypeOf<typeof computeSystem>;
export type ComputeSystemInit = InitOf<typeof computeSystem>;
