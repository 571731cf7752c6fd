import { bool, i32, list, optional, text, u32, u64 } from "../../../../prot/json-codec.ts";
import { field, record } from "../../../../prot/json-record.ts";

export const plan9Share = record({
  name: field("Name", text, "omitempty"),
  accessName: field("AccessName", text, "omitempty"),
  path: field("Path", text, "omitempty"),
  port: field("Port", i32, "omitempty"),
  /** 1 read-only, 4 Linux metadata, 8 case sensitive, 0x80 only the allowed files. */
  flags: field("Flags", u32, "omitempty"),
  allowedFiles: field("AllowedFiles", list(text), "omitempty"),
});

/** Present without members, it makes the device that later shares hang on. */
export const plan9 = record({ shares: field("Shares", list(plan9Share), "omitempty") });

export const vsmbShareOptions = record({
  readOnly: field("ReadOnly", bool, "omitempty"),
  shareRead: field("ShareRead", bool, "omitempty"),
  cacheIo: field("CacheIo", bool, "omitempty"),
  noOplocks: field("NoOplocks", bool, "omitempty"),
  takeBackupPrivilege: field("TakeBackupPrivilege", bool, "omitempty"),
  useShareRootIdentity: field("UseShareRootIdentity", bool, "omitempty"),
  noDirectmap: field("NoDirectmap", bool, "omitempty"),
  noLocks: field("NoLocks", bool, "omitempty"),
  noDirnotify: field("NoDirnotify", bool, "omitempty"),
  vmSharedMemory: field("VmSharedMemory", bool, "omitempty"),
  restrictFileAccess: field("RestrictFileAccess", bool, "omitempty"),
  forceLevelIIOplocks: field("ForceLevelIIOplocks", bool, "omitempty"),
  reparseBaseLayer: field("ReparseBaseLayer", bool, "omitempty"),
  pseudoOplocks: field("PseudoOplocks", bool, "omitempty"),
  nonCacheIo: field("NonCacheIo", bool, "omitempty"),
  pseudoDirnotify: field("PseudoDirnotify", bool, "omitempty"),
  singleFileMapping: field("SingleFileMapping", bool, "omitempty"),
});

export const vsmbShare = record({
  name: field("Name", text, "omitempty"),
  path: field("Path", text, "omitempty"),
  allowedFiles: field("AllowedFiles", list(text), "omitempty"),
  options: field("Options", optional(vsmbShareOptions), "omitempty"),
});

export const vsmb = record({
  shares: field("Shares", list(vsmbShare), "omitempty"),
  directFileMappingInMB: field("DirectFileMappingInMB", u64, "omitempty"),
});
