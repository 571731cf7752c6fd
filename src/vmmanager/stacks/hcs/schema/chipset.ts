import { i32, optional, text } from "../../../../prot/json-codec.ts";
import { field, record } from "../../../../prot/json-record.ts";

/** `deviceType` "VmbFs": a folder of the host behind VMBus. */
const uefiBootEntry = record({
  deviceType: field("DeviceType", text, "omitempty"),
  devicePath: field("DevicePath", text, "omitempty"),
  diskNumber: field("DiskNumber", i32, "omitempty"),
  optionalData: field("OptionalData", text, "omitempty"),
  vmbFsRootPath: field("VmbFsRootPath", text, "omitempty"),
});

const uefi = record({
  /** "Apply" or "Skip". */
  applySecureBootTemplate: field("ApplySecureBootTemplate", text, "omitempty"),
  secureBootTemplateId: field("SecureBootTemplateId", text, "omitempty"),
  bootThis: field("BootThis", optional(uefiBootEntry), "omitempty"),
  console: field("Console", text, "omitempty"),
});

/** From schema 2.2 on; x64 only. */
const linuxKernelDirect = record({
  kernelFilePath: field("KernelFilePath", text, "omitempty"),
  initRdPath: field("InitRdPath", text, "omitempty"),
  kernelCmdLine: field("KernelCmdLine", text, "omitempty"),
});

/** Experimental in HCS's schema. `parameters`: base64. */
const firmwareFile = record({ parameters: field("Parameters", text, "omitempty") });

/** `uefi` or `linuxKernelDirect`. */
export const chipset = record({
  uefi: field("Uefi", optional(uefi), "omitempty"),
  linuxKernelDirect: field("LinuxKernelDirect", optional(linuxKernelDirect), "omitempty"),
  firmwareFile: field("FirmwareFile", optional(firmwareFile), "omitempty"),
});
