import { rows } from "./annotation.ts";

const container = rows("container", "io.microsoft.container.");
const lcow = rows("container", "io.microsoft.lcow.", []);
const vmLcow = rows("container", "io.microsoft.virtualmachine.lcow.", []);
const wcow = rows("container", "io.microsoft.wcow.");
const hostProcess = rows("container", "microsoft.com/");

/** Of one container; those of its size go over its spec's own. */
export const anyContainer = {
  memorySize: container("memory.sizeinmb", "u64", "WCOW", "the spec's", "Memory limit.", { unit: "MiB" }),
  processorCount: container("processor.count", "i32", "WCOW", "the spec's", "Processors."),
  processorLimit: container("processor.limit", "i32", "WCOW", "the spec's", "Share of all processors.", {
    unit: "1/100 %",
    range: [0, 10_000],
  }),
  processorWeight: container("processor.weight", "i32", "WCOW", "the spec's", "Weight against other containers.", {
    range: [0, 10_000],
  }),
  storageBandwidth: container("storage.qos.bandwidthmaximum", "i32", "WCOW", "the spec's", "Limit of its disks.", {
    unit: "bytes/s",
  }),
  storageIops: container("storage.qos.iopsmaximum", "i32", "WCOW", "the spec's", "Limit of its disks.", {
    unit: "1/s",
  }),
  dumpLocation: container("processdumplocation", "text", "both", "none", "Folder in the container for process dumps."),
  gpuCapabilities: container("gpu.capabilities", "text", "LCOW", "none", "What the container needs of its GPU.", {
    stacks: [],
  }),
};

export const linuxContainer = {
  privileged: vmLcow("privileged", "bool", "LCOW", "false", "All of the VM's devices and rights."),
  hostNetwork: vmLcow("hostnetwork", "bool", "LCOW", "false", "The VM's own network namespace."),
  coreLimit: lcow("rlimitcore", "text", "LCOW", "none", "RLIMIT_CORE: soft;hard.", { unit: "bytes" }),
  shmSize: lcow("shm.size-kb", "u64", "LCOW", "65536", "Size of /dev/shm.", { unit: "KiB" }),
  teeLogPath: container("lcow.tee-log-path", "text", "LCOW", "none", "File in the VM that gets a copy of the output.", {
    stacks: [],
  }),
  teeLogMount: container(
    "lcow.tee-log-dir-mount",
    "text",
    "LCOW",
    "none",
    "Where the folder of those files is mounted.",
    { stacks: [] },
  ),
  gpuVhd: lcow("gpuvhdpath", "text", "LCOW", "none", "Deprecated, without effect."),
};

export const windowsContainer = {
  deviceExtensions: container("wcow.deviceextensions", "text list", "WCOW", "none", "Device extension files."),
  disableGmsa: container("wcow.gmsa.disable", "bool", "WCOW", "false", "No group managed service account."),
  testRegistry: container("wcow.test-registry-annotation", "json", "WCOW", "none", "RegistryValue[]: for tests."),
  dumpType: wcow("processdumptype", "text", "WCOW", "full", "mini or full."),
  dumpCount: wcow("processdumpcount", "i32", "WCOW", "10", "Dumps that are kept."),
  hostProcess: hostProcess("hostprocess-container", "bool", "WCOW", "false", "Runs on the host."),
  inheritUser: hostProcess("hostprocess-inherit-user", "bool", "WCOW", "false", "As the shim's user."),
  rootfsLocation: hostProcess("hostprocess-rootfs-location", "text", "WCOW", "C:\\hpc", "Where its root is seen."),
  disableHostProcess: hostProcess("disable-hostprocess-container", "bool", "WCOW", "false", "Refuse such containers."),
};
