import { bool, list, optional, type TypeOf, text, u8, u32, u64 } from "../json-codec.ts";
import { field, record } from "../json-record.ts";

/** dm-verity of a read-only device. */
export const deviceVerityInfo = record({
  ext4SizeInBytes: field("Ext4SizeInBytes", u64, "omitempty"),
  version: field("Version", u32, "omitempty"),
  algorithm: field("Algorithm", text, "omitempty"),
  superBlock: field("SuperBlock", bool, "omitempty"),
  rootDigest: field("RootDigest", text, "omitempty"),
  salt: field("Salt", text, "omitempty"),
  blockSize: field("BlockSize", u32, "omitempty"),
});
export type DeviceVerityInfo = TypeOf<typeof deviceVerityInfo>;

/** MappedVirtualDisk, LCOW. Disk 0 of controller 0 has neither member on the wire. */
export const lcowMappedVirtualDisk = record({
  mountPath: field("MountPath", text, "omitempty"),
  lun: field("Lun", u8, "omitempty"),
  controller: field("Controller", u8, "omitempty"),
  /** 0: the whole disk. */
  partition: field("Partition", u64, "omitempty"),
  readOnly: field("ReadOnly", bool, "omitempty"),
  encrypted: field("Encrypted", bool, "omitempty"),
  options: field("Options", list(text), "omitempty"),
  /** A link to the device at `mountPath` instead of a mount. */
  blockDev: field("BlockDev", bool, "omitempty"),
  verityInfo: field("VerityInfo", optional(deviceVerityInfo), "omitempty"),
  /** Formatted with `filesystem` when it has none. */
  ensureFilesystem: field("EnsureFilesystem", bool, "omitempty"),
  filesystem: field("Filesystem", text, "omitempty"),
});
export type LcowMappedVirtualDisk = TypeOf<typeof lcowMappedVirtualDisk>;

/** SCSIDevice (Remove only): the guest lets go of the device before the host takes it out. */
export const scsiDevice = record({
  controller: field("Controller", u8, "omitempty"),
  lun: field("Lun", u8, "omitempty"),
});
export type ScsiDevice = TypeOf<typeof scsiDevice>;
