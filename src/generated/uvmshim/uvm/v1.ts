// Generated from proto/ (package uvmshim.uvm.v1) by scripts/generate-proto. Do not edit.

import { Timestamp } from "../../google/protobuf.ts";
import { type MessageType, endOf, finish, messageType, readString, readUint64, writeInt64 } from "../../wire.ts";

/** An open enum: numbers without a name pass through `decode` and `encode` unchanged. */
export const DeviceKind = {
  DEVICE_KIND_UNSPECIFIED: 0,
  DISK: 1,
  SHARE: 2,
  NIC: 3,
  VPMEM: 4,
} as const;
export type DeviceKind = (typeof DeviceKind)[keyof typeof DeviceKind];

export interface Device {
  kind: DeviceKind;
  /** An absolute path of this host; of a NIC: "tap:NAME" or "unix:PATH". */
  source: string;
  /** Its path in the guest, of a NIC its MAC address. Of a request: empty for one that is chosen. */
  guest: string;
  readOnly: boolean;
  /** A disk that is not mounted: the guest path is a link to its device. */
  bare: boolean;
}
export const Device: MessageType<Device> = messageType<Device>(
  "uvmshim.uvm.v1.Device",
  () => ({ kind: 0, source: "", guest: "", readOnly: false, bare: false }),
  (m, w) => {
    if (m.kind !== 0) w.uint32(8).int32(m.kind);
    if (m.source !== "") w.uint32(18).string(m.source);
    if (m.guest !== "") w.uint32(26).string(m.guest);
    if (m.readOnly) w.uint32(32).bool(m.readOnly);
    if (m.bare) w.uint32(40).bool(m.bare);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.kind = r.int32() as DeviceKind;
          break;
        case 18:
          m.source = readString(r);
          break;
        case 26:
          m.guest = readString(r);
          break;
        case 32:
          m.readOnly = r.bool();
          break;
        case 40:
          m.bare = r.bool();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface Sizing {
  processors: number;
  maxProcessors: number;
  memoryMib: number;
  maxMemoryMib: number;
}
export const Sizing: MessageType<Sizing> = messageType<Sizing>(
  "uvmshim.uvm.v1.Sizing",
  () => ({ processors: 0, maxProcessors: 0, memoryMib: 0, maxMemoryMib: 0 }),
  (m, w) => {
    if (m.processors !== 0) w.uint32(8).uint32(m.processors);
    if (m.maxProcessors !== 0) w.uint32(16).uint32(m.maxProcessors);
    if (m.memoryMib !== 0) w.uint32(24).uint32(m.memoryMib);
    if (m.maxMemoryMib !== 0) w.uint32(32).uint32(m.maxMemoryMib);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.processors = r.uint32();
          break;
        case 16:
          m.maxProcessors = r.uint32();
          break;
        case 24:
          m.memoryMib = r.uint32();
          break;
        case 32:
          m.maxMemoryMib = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface BootRequest {
  /** None: as the stack is configured. */
  sizing?: Sizing | undefined;
  devices: Device[];
}
export const BootRequest: MessageType<BootRequest> = messageType<BootRequest>(
  "uvmshim.uvm.v1.BootRequest",
  () => ({ sizing: undefined, devices: [] }),
  (m, w) => {
    if (m.sizing !== undefined) {
      w.uint32(10).fork();
      Sizing.write(m.sizing, w);
      w.ldelim();
    }
    for (const value of m.devices) {
      w.uint32(18).fork();
      Device.write(value, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.sizing = Sizing.read(r, endOf(r, end), m.sizing ?? Sizing.create());
          break;
        case 18:
          m.devices.push(Device.read(r, endOf(r, end), Device.create()));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface RestoreRequest {
  directory: string;
}
export const RestoreRequest: MessageType<RestoreRequest> = messageType<RestoreRequest>(
  "uvmshim.uvm.v1.RestoreRequest",
  () => ({ directory: "" }),
  (m, w) => {
    if (m.directory !== "") w.uint32(10).string(m.directory);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.directory = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export type PauseRequest = Record<never, never>;
export const PauseRequest: MessageType<PauseRequest> = messageType<PauseRequest>(
  "uvmshim.uvm.v1.PauseRequest",
  () => ({  }),
  () => {},
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      r.skip(tag);
    }
    return finish(r, end, m);
  },
);

export type ResumeRequest = Record<never, never>;
export const ResumeRequest: MessageType<ResumeRequest> = messageType<ResumeRequest>(
  "uvmshim.uvm.v1.ResumeRequest",
  () => ({  }),
  () => {},
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      r.skip(tag);
    }
    return finish(r, end, m);
  },
);

export interface SaveRequest {
  directory: string;
}
export const SaveRequest: MessageType<SaveRequest> = messageType<SaveRequest>(
  "uvmshim.uvm.v1.SaveRequest",
  () => ({ directory: "" }),
  (m, w) => {
    if (m.directory !== "") w.uint32(10).string(m.directory);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.directory = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface AddRequest {
  device?: Device | undefined;
}
export const AddRequest: MessageType<AddRequest> = messageType<AddRequest>(
  "uvmshim.uvm.v1.AddRequest",
  () => ({ device: undefined }),
  (m, w) => {
    if (m.device !== undefined) {
      w.uint32(10).fork();
      Device.write(m.device, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.device = Device.read(r, endOf(r, end), m.device ?? Device.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface RemoveRequest {
  kind: DeviceKind;
  /** The device's source, or where it is in the guest. */
  what: string;
}
export const RemoveRequest: MessageType<RemoveRequest> = messageType<RemoveRequest>(
  "uvmshim.uvm.v1.RemoveRequest",
  () => ({ kind: 0, what: "" }),
  (m, w) => {
    if (m.kind !== 0) w.uint32(8).int32(m.kind);
    if (m.what !== "") w.uint32(18).string(m.what);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.kind = r.int32() as DeviceKind;
          break;
        case 18:
          m.what = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export type RemoveResponse = Record<never, never>;
export const RemoveResponse: MessageType<RemoveResponse> = messageType<RemoveResponse>(
  "uvmshim.uvm.v1.RemoveResponse",
  () => ({  }),
  () => {},
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      r.skip(tag);
    }
    return finish(r, end, m);
  },
);

export interface ResizeMemoryRequest {
  /** More, or less. */
  byMib: number;
}
export const ResizeMemoryRequest: MessageType<ResizeMemoryRequest> = messageType<ResizeMemoryRequest>(
  "uvmshim.uvm.v1.ResizeMemoryRequest",
  () => ({ byMib: 0 }),
  (m, w) => {
    if (m.byMib !== 0) w.uint32(8).sint32(m.byMib);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.byMib = r.sint32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export type StatusRequest = Record<never, never>;
export const StatusRequest: MessageType<StatusRequest> = messageType<StatusRequest>(
  "uvmshim.uvm.v1.StatusRequest",
  () => ({  }),
  () => {},
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      r.skip(tag);
    }
    return finish(r, end, m);
  },
);

export interface StatusResponse {
  state: string;
  stack: string;
  /** Of the VM's own process on this host; 0: it has none. */
  pid: number;
  upSince?: Timestamp | undefined;
  sizing?: Sizing | undefined;
  devices: Device[];
}
export const StatusResponse: MessageType<StatusResponse> = messageType<StatusResponse>(
  "uvmshim.uvm.v1.StatusResponse",
  () => ({ state: "", stack: "", pid: 0, upSince: undefined, sizing: undefined, devices: [] }),
  (m, w) => {
    if (m.state !== "") w.uint32(10).string(m.state);
    if (m.stack !== "") w.uint32(18).string(m.stack);
    if (m.pid !== 0) w.uint32(24).uint32(m.pid);
    if (m.upSince !== undefined) {
      w.uint32(34).fork();
      Timestamp.write(m.upSince, w);
      w.ldelim();
    }
    if (m.sizing !== undefined) {
      w.uint32(42).fork();
      Sizing.write(m.sizing, w);
      w.ldelim();
    }
    for (const value of m.devices) {
      w.uint32(50).fork();
      Device.write(value, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.state = readString(r);
          break;
        case 18:
          m.stack = readString(r);
          break;
        case 24:
          m.pid = r.uint32();
          break;
        case 34:
          m.upSince = Timestamp.read(r, endOf(r, end), m.upSince ?? Timestamp.create());
          break;
        case 42:
          m.sizing = Sizing.read(r, endOf(r, end), m.sizing ?? Sizing.create());
          break;
        case 50:
          m.devices.push(Device.read(r, endOf(r, end), Device.create()));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export type StatsRequest = Record<never, never>;
export const StatsRequest: MessageType<StatsRequest> = messageType<StatsRequest>(
  "uvmshim.uvm.v1.StatsRequest",
  () => ({  }),
  () => {},
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      r.skip(tag);
    }
    return finish(r, end, m);
  },
);

export interface StatsResponse {
  memoryAssignedBytes: bigint;
  memoryWorkingSetBytes: bigint;
  processorTotalNs: bigint;
  processorGuestNs: bigint;
  /** By name of the part, for people: versions, machine type, acceleration. */
  details: Map<string, string>;
}
export const StatsResponse: MessageType<StatsResponse> = messageType<StatsResponse>(
  "uvmshim.uvm.v1.StatsResponse",
  () => ({ memoryAssignedBytes: 0n, memoryWorkingSetBytes: 0n, processorTotalNs: 0n, processorGuestNs: 0n, details: new Map() }),
  (m, w) => {
    if (m.memoryAssignedBytes !== 0n) writeInt64(w.uint32(8), m.memoryAssignedBytes);
    if (m.memoryWorkingSetBytes !== 0n) writeInt64(w.uint32(16), m.memoryWorkingSetBytes);
    if (m.processorTotalNs !== 0n) writeInt64(w.uint32(24), m.processorTotalNs);
    if (m.processorGuestNs !== 0n) writeInt64(w.uint32(32), m.processorGuestNs);
    for (const [key, value] of m.details) {
      w.uint32(42).fork();
      w.uint32(10).string(key);
      w.uint32(18).string(value);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.memoryAssignedBytes = readUint64(r);
          break;
        case 16:
          m.memoryWorkingSetBytes = readUint64(r);
          break;
        case 24:
          m.processorTotalNs = readUint64(r);
          break;
        case 32:
          m.processorGuestNs = readUint64(r);
          break;
        case 42: {
          const last = endOf(r, end);
          let key: string = "";
          let value: string = "";
          while (r.pos < last) {
            const inner = r.tag();
            if (inner === 10) key = readString(r);
            else if (inner === 18) value = readString(r);
            else r.skip(inner);
          }
          finish(r, last, m.details.set(key, value));
          break;
        }
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface StopRequest {
  /** Without asking the guest to write back its file systems. */
  now: boolean;
}
export const StopRequest: MessageType<StopRequest> = messageType<StopRequest>(
  "uvmshim.uvm.v1.StopRequest",
  () => ({ now: false }),
  (m, w) => {
    if (m.now) w.uint32(8).bool(m.now);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.now = r.bool();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export type StopResponse = Record<never, never>;
export const StopResponse: MessageType<StopResponse> = messageType<StopResponse>(
  "uvmshim.uvm.v1.StopResponse",
  () => ({  }),
  () => {},
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      r.skip(tag);
    }
    return finish(r, end, m);
  },
);

/** One VM that is driven by hand; its keeper serves this, and ends with it. */
export const Uvm = {
  name: "uvmshim.uvm.v1.Uvm",
  methods: {
    Boot: {
      name: "Boot",
      input: BootRequest,
      output: StatusResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    Restore: {
      name: "Restore",
      input: RestoreRequest,
      output: StatusResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    Pause: {
      name: "Pause",
      input: PauseRequest,
      output: StatusResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    Resume: {
      name: "Resume",
      input: ResumeRequest,
      output: StatusResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    Save: {
      name: "Save",
      input: SaveRequest,
      output: StatusResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    Add: {
      name: "Add",
      input: AddRequest,
      output: Device,
      clientStreaming: false,
      serverStreaming: false,
    },
    Remove: {
      name: "Remove",
      input: RemoveRequest,
      output: RemoveResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    ResizeMemory: {
      name: "ResizeMemory",
      input: ResizeMemoryRequest,
      output: StatusResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    Status: {
      name: "Status",
      input: StatusRequest,
      output: StatusResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    Stats: {
      name: "Stats",
      input: StatsRequest,
      output: StatsResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    Stop: {
      name: "Stop",
      input: StopRequest,
      output: StopResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
  },
} as const;
