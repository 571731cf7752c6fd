import { bool, optional, text, u32, u64 } from "../../../../prot/json-codec.ts";
import { field, record } from "../../../../prot/json-record.ts";
import { hvSocketService } from "../../../options/hv-socket.ts";
import { mapOf } from "./map-of.ts";
import { plan9, vsmb } from "./shares.ts";
import { scsi, vpciDevice, vpmemController } from "./storage.ts";

const comPort = record({
  namedPipe: field("NamedPipe", text, "omitempty"),
  optimizeForDebugger: field("OptimizeForDebugger", bool, "omitempty"),
});

export const networkAdapter = record({
  endpointId: field("EndpointId", text, "omitempty"),
  macAddress: field("MacAddress", text, "omitempty"),
  iovSettings: field(
    "IovSettings",
    optional(
      record({
        offloadWeight: field("OffloadWeight", optional(u32), "omitempty"),
        queuePairsRequested: field("QueuePairsRequested", optional(u32), "omitempty"),
        interruptModeration: field("InterruptModeration", optional(text), "omitempty"),
      }),
    ),
    "omitempty",
  ),
});

/** Defaults hold for services that are not in the table. */
export const hvSocketSystemConfig = record({
  defaultBindSecurityDescriptor: field("DefaultBindSecurityDescriptor", text, "omitempty"),
  defaultConnectSecurityDescriptor: field("DefaultConnectSecurityDescriptor", text, "omitempty"),
  serviceTable: field("ServiceTable", mapOf(hvSocketService), "omitempty"),
});

const guestCrashReporting = record({
  windowsCrashSettings: field(
    "WindowsCrashSettings",
    optional(
      record({
        dumpFileName: field("DumpFileName", text, "omitempty"),
        /** Bytes. */
        maxDumpSize: field("MaxDumpSize", u64, "omitempty"),
        dumpType: field("DumpType", text, "omitempty"),
      }),
    ),
    "omitempty",
  ),
});

/** Present without members, it is the device as HCS makes it. */
const plain = optional(record({}));

export const devices = record({
  comPorts: field("ComPorts", mapOf(comPort), "omitempty"),
  scsi: field("Scsi", mapOf(scsi), "omitempty"),
  virtualPMem: field("VirtualPMem", optional(vpmemController), "omitempty"),
  networkAdapters: field("NetworkAdapters", mapOf(networkAdapter), "omitempty"),
  videoMonitor: field("VideoMonitor", plain, "omitempty"),
  keyboard: field("Keyboard", plain, "omitempty"),
  hvSocket: field(
    "HvSocket",
    optional(record({ hvSocketConfig: field("HvSocketConfig", optional(hvSocketSystemConfig), "omitempty") })),
    "omitempty",
  ),
  enhancedModeVideo: field("EnhancedModeVideo", plain, "omitempty"),
  guestCrashReporting: field("GuestCrashReporting", optional(guestCrashReporting), "omitempty"),
  virtualSmb: field("VirtualSmb", optional(vsmb), "omitempty"),
  plan9: field("Plan9", optional(plan9), "omitempty"),
  virtualPci: field("VirtualPci", mapOf(vpciDevice), "omitempty"),
});
