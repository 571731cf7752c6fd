/** ResourceType of ModifySettings (reference: hcsshim guestresource). */
export const ResourceType = {
  mappedVirtualDisk: "MappedVirtualDisk",
  mappedVirtualDiskForContainerScratch: "MappedVirtualDiskForContainerScratch",
  scsiDevice: "SCSIDevice",
  mappedDirectory: "MappedDirectory",
  combinedLayers: "CombinedLayers",
  cwcowCombinedLayers: "CWCOWCombinedLayers",
  vpmemDevice: "VPMemDevice",
  vpciDevice: "VPCIDevice",
  network: "Network",
  networkNamespace: "NetworkNamespace",
  containerConstraints: "ContainerConstraints",
  hvSocket: "HvSocket",
  securityPolicy: "SecurityPolicy",
  securityPolicyFragment: "SecurityPolicyFragment",
  podCgroupMemoryLimit: "PodCgroupMemoryLimit",
  wcowBlockCims: "WCOWBlockCims",
  /** Ours (FreezerSupported): on a container. */
  freezer: "Freezer",
  /** Ours (ResumeSupported): on the guest. */
  resume: "Resume",
  /** Ours (ProcessorsSupported): on the guest. */
  processors: "Processors",
  /** Ours: on a container. A guest without it refuses the type. */
  archive: "Archive",
  /** Ours: on the guest. */
  mappedSocket: "MappedSocket",
  /** Ours (PodSupported): on the guest. */
  pod: "Pod",
} as const;
export type ResourceType = (typeof ResourceType)[keyof typeof ResourceType];
