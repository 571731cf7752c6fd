import { optional, type TypeOf, text, u32, u64 } from "../json-codec.ts";
import { field, record } from "../json-record.ts";
import { deviceVerityInfo } from "./scsi.ts";

/** Where one layer lies on a VPMem device that carries several. */
export const lcowVpmemMappingInfo = record({
  deviceOffsetInBytes: field("DeviceOffsetInBytes", u64, "omitempty"),
  deviceSizeInBytes: field("DeviceSizeInBytes", u64, "omitempty"),
});
export type LcowVpmemMappingInfo = TypeOf<typeof lcowVpmemMappingInfo>;

/** VPMemDevice, LCOW. */
export const lcowMappedVpmemDevice = record({
  deviceNumber: field("DeviceNumber", u32, "omitempty"),
  mountPath: field("MountPath", text, "omitempty"),
  mappingInfo: field("MappingInfo", optional(lcowVpmemMappingInfo), "omitempty"),
  verityInfo: field("VerityInfo", optional(deviceVerityInfo), "omitempty"),
});
export type LcowMappedVpmemDevice = TypeOf<typeof lcowMappedVpmemDevice>;

/** VPCIDevice, LCOW: the guest waits until it sees the device. */
export const lcowMappedVpciDevice = record({
  vmBusGuid: field("VMBusGUID", text, "omitempty"),
});
export type LcowMappedVpciDevice = TypeOf<typeof lcowMappedVpciDevice>;
