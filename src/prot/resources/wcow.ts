/**
 * Settings for Windows guests, by their wire names: only ever sent, and by a stack that is yet to come, so they have no
 * codecs. All members are omitted when empty.
 */
export interface WcowMappedVirtualDisk {
  readonly ContainerPath?: string;
  readonly Lun?: number;
}

/** The HCS schema's MappedDirectory. */
export interface WcowMappedDirectory {
  readonly HostPath?: string;
  readonly HostPathType?: string;
  readonly ContainerPath?: string;
  readonly ReadOnly?: boolean;
}

export interface WcowCombinedLayers {
  readonly ContainerRootPath?: string;
  readonly Layers?: readonly { readonly Id?: string; readonly Path?: string }[];
  readonly ScratchPath?: string;
  readonly FilterType?: string;
}

export interface CwcowCombinedLayers {
  readonly ContainerID?: string;
  readonly CombinedLayers?: WcowCombinedLayers;
}

/** Nested in the settings of Network; its own request type is PreAdd, Add or Remove. */
export interface WcowNetworkModifyRequest {
  readonly AdapterId?: string;
  readonly RequestType?: "PreAdd" | "Add" | "Remove";
  /** An HCN endpoint; null in Remove. */
  readonly Settings?: object | null;
}

export interface HvSocketAddress {
  readonly LocalAddress?: string;
  readonly ParentAddress?: string;
}

export interface BlockCim {
  readonly CimName?: string;
  readonly Lun?: number;
}

export interface CwcowBlockCimMounts {
  readonly BlockCIMs?: readonly BlockCim[];
  readonly VolumeGUID?: string;
  readonly MountFlags?: number;
  readonly ContainerID?: string;
}
