import { rows } from "./annotation.ts";

const vm = rows("vm", "io.microsoft.virtualmachine.");
const lcow = rows("vm", "io.microsoft.virtualmachine.lcow.");
const wcow = rows("vm", "io.microsoft.virtualmachine.wcow.");
const debug = rows("vm", "io.microsoft.wcow.");

/** Of both kinds of confidential VM. */
export const confidential = {
  noHardware: vm(
    "no_security_hardware",
    "bool",
    "both",
    "false",
    "The policy holds, the VM is not isolated: for tests.",
  ),
  hashEnvelope: vm(
    "uvm-hash-envelope-reference-info-file",
    ...(["text", "both", "reference_info_hash_envelope.cose", "Signed reference of the VM's measurement."] as const),
  ),
  scratchEncryption: vm("storage.scratch.encrypted", "bool", "LCOW", "true with a policy", "Encrypt scratch disks."),
};

export const confidentialLcow = {
  policy: lcow("securitypolicy", "base64", "LCOW", "none", "Makes the VM confidential: what its guest may do."),
  enforcer: lcow("enforcer", "text", "LCOW", "rego", "What the guest enforces the policy with."),
  policyEnv: lcow("securitypolicy.env", "bool", "LCOW", "true", "Containers see the policy and the certificates."),
  referenceInfo: lcow(
    "uvm-reference-info-file",
    "text",
    "LCOW",
    "reference_info.cose",
    "Signed measurement of the VM.",
  ),
  guestStateFile: lcow("gueststatefile", "text", "LCOW", "kernel.vmgs", "Kernel and first file system of the VM."),
  verityMode: lcow("dmverity-mode", "bool", "LCOW", "false", "The root VHD is verified by the kernel."),
  verityArguments: lcow("dmverity-create-args", "text", "LCOW", "none", "dm-mod.create of a verified root VHD."),
  verityRootfs: lcow("dmverity-rootfs-vhd", "text", "LCOW", "rootfs.vhd", "Root VHD of a confidential VM."),
  hclEnabled: lcow("hcl-enabled", "bool", "LCOW", "the platform's", "Host compatibility layer."),
  amdCertificate: lcow("amd-certificate", "text", "LCOW", "none", "File beside the shim with the host's certificates."),
};

export const confidentialWcow = {
  policy: wcow("securitypolicy", "base64", "WCOW", "none", "Makes the VM confidential: what its guest may do."),
  enforcer: wcow("enforcer", "text", "WCOW", "the guest's", "What the guest enforces the policy with."),
  policyEnv: wcow("securitypolicy.env", "bool", "WCOW", "true", "Containers see the policy and the certificates."),
  referenceInfo: wcow(
    "uvm-reference-info-file",
    "text",
    "WCOW",
    "reference_info.cose",
    "Signed measurement of the VM.",
  ),
  guestStateFile: wcow("gueststatefile", "text", "WCOW", "cwcow.TYPE.vmgs", "State file of the isolation type."),
  isolationType: wcow(
    "isolation_type",
    "text",
    "WCOW",
    "SecureNestedPaging",
    "Or SNP, VBS, its long name, GuestStateOnly.",
  ),
  noSecureBoot: wcow("no_secure_boot", "bool", "WCOW", "false", "For debugging."),
  writableEfi: wcow("writable_efi", "bool", "WCOW", "false", "The boot disk is writable: for debugging."),
  amdCertificate: wcow("amd-certificate", "text", "WCOW", "none", "File beside the shim with the host's certificates."),
  debug: debug("debug", "bool", "WCOW", "false", "Keep the boot and scratch disks of a VM that has ended."),
  debugDataPath: debug("debug_data_path", "text", "WCOW", "none", "Where they are kept; needed with debug."),
};
