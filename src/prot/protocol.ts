/** ProtocolVersion of the bridge: 4 is the only one spoken. */
export const ProtocolVersion = { invalid: 0, v4: 4, max: 4 } as const;

/** Addresses the UVM itself instead of a container; also the ActivityId where there is none. */
export const NULL_ID = "00000000-0000-0000-0000-000000000000";

/** WaitForProcess.TimeoutInMs without a time-out. */
export const INFINITE_WAIT_TIMEOUT = 0xffff_ffff;

/** Guest ports (reference: hcsshim guest, ports and boot): the bridge, and the first of the stdio ports. */
export const BRIDGE_PORT = 0x4000_0000;
export const FIRST_STDIO_PORT = 0x4000_0001;
/** Ports of the host that an LCOW guest dials while it boots: its init for random bytes, what forwards its gcs' log. */
export const ENTROPY_PORT = 1;
export const LOG_PORT = 109;
/** Ours: the first of the ports that MappedSocket names. */
export const FIRST_SOCKET_PORT = 0x6000_0000;

export const OsType = { linux: "Linux", windows: "Windows" } as const;

/** PropertyTypes of GetProperties, and old names of resources. */
export const PropertyType = {
  memory: "Memory",
  cpuGroup: "CpuGroup",
  statistics: "Statistics",
  processList: "ProcessList",
  pendingUpdates: "PendingUpdates",
  terminateOnLastHandleClosed: "TerminateOnLastHandleClosed",
  mappedDirectory: "MappedDirectory",
  systemGuid: "SystemGUID",
  network: "Network",
  mappedPipe: "MappedPipe",
  mappedVirtualDisk: "MappedVirtualDisk",
} as const;

export const RequestType = { add: "Add", remove: "Remove", preAdd: "PreAdd", update: "Update" } as const;
export type RequestType = (typeof RequestType)[keyof typeof RequestType];
