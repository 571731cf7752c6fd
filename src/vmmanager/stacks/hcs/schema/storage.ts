import { bool, list, optional, text, u16, u32, u64 } from "../../../../prot/json-codec.ts";
import { field, record } from "../../../../prot/json-record.ts";
import { mapOf } from "./map-of.ts";

/** A disk on a SCSI controller. */
export const attachment = record({
  /** "VirtualDisk", "Iso", "PassThru" or "ExtensibleVirtualDisk". */
  type: field("Type", text, "omitempty"),
  path: field("Path", text, "omitempty"),
  ignoreFlushes: field("IgnoreFlushes", bool, "omitempty"),
  cachingMode: field("CachingMode", text, "omitempty"),
  noWriteHardening: field("NoWriteHardening", bool, "omitempty"),
  disableExpansionOptimization: field("DisableExpansionOptimization", bool, "omitempty"),
  ignoreRelativeLocator: field("IgnoreRelativeLocator", bool, "omitempty"),
  captureIoAttributionContext: field("CaptureIoAttributionContext", bool, "omitempty"),
  readOnly: field("ReadOnly", bool, "omitempty"),
  supportCompressedVolumes: field("SupportCompressedVolumes", bool, "omitempty"),
  alwaysAllowSparseFiles: field("AlwaysAllowSparseFiles", bool, "omitempty"),
  extensibleVirtualDiskType: field("ExtensibleVirtualDiskType", text, "omitempty"),
});

/** By LUN, in decimal. */
export const scsi = record({ attachments: field("Attachments", mapOf(attachment), "omitempty") });

/** One of several images on a device. */
export const vpmemMapping = record({
  hostPath: field("HostPath", text, "omitempty"),
  imageFormat: field("ImageFormat", text, "omitempty"),
});

export const vpmemDevice = record({
  hostPath: field("HostPath", text, "omitempty"),
  readOnly: field("ReadOnly", bool, "omitempty"),
  /** "Vhd1" or "Vhdx". */
  imageFormat: field("ImageFormat", text, "omitempty"),
  /** By their offset in bytes, in decimal. */
  mappings: field("Mappings", mapOf(vpmemMapping), "omitempty"),
});

export const vpmemController = record({
  devices: field("Devices", mapOf(vpmemDevice), "omitempty"),
  maximumCount: field("MaximumCount", u32, "omitempty"),
  maximumSizeBytes: field("MaximumSizeBytes", u64, "omitempty"),
  backing: field("Backing", text, "omitempty"),
});

export const vpciDevice = record({
  functions: field(
    "Functions",
    list(
      record({
        deviceInstancePath: field("DeviceInstancePath", text, "omitempty"),
        virtualFunction: field("VirtualFunction", u16, "omitempty"),
      }),
    ),
    "omitempty",
  ),
  propagateNumaAffinity: field("PropagateNumaAffinity", optional(bool), "omitempty"),
});
