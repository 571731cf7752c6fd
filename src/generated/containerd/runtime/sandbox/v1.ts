// Generated from proto/ (package containerd.runtime.sandbox.v1) by scripts/generate-proto. Do not edit.

import { Metric, Mount, Platform } from "../../types.ts";
import { Any, Timestamp } from "../../../google/protobuf.ts";
import { type MessageType, endOf, finish, messageType, readString } from "../../../wire.ts";

export interface CreateSandboxRequest {
  sandboxId: string;
  bundlePath: string;
  rootfs: Mount[];
  options?: Any | undefined;
  netnsPath: string;
  annotations: Map<string, string>;
}
export const CreateSandboxRequest: MessageType<CreateSandboxRequest> = messageType<CreateSandboxRequest>(
  "containerd.runtime.sandbox.v1.CreateSandboxRequest",
  () => ({ sandboxId: "", bundlePath: "", rootfs: [], options: undefined, netnsPath: "", annotations: new Map() }),
  (m, w) => {
    if (m.sandboxId !== "") w.uint32(10).string(m.sandboxId);
    if (m.bundlePath !== "") w.uint32(18).string(m.bundlePath);
    for (const value of m.rootfs) {
      w.uint32(26).fork();
      Mount.write(value, w);
      w.ldelim();
    }
    if (m.options !== undefined) {
      w.uint32(34).fork();
      Any.write(m.options, w);
      w.ldelim();
    }
    if (m.netnsPath !== "") w.uint32(42).string(m.netnsPath);
    for (const [key, value] of m.annotations) {
      w.uint32(50).fork();
      w.uint32(10).string(key);
      w.uint32(18).string(value);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.sandboxId = readString(r);
          break;
        case 18:
          m.bundlePath = readString(r);
          break;
        case 26:
          m.rootfs.push(Mount.read(r, endOf(r, end), Mount.create()));
          break;
        case 34:
          m.options = Any.read(r, endOf(r, end), m.options ?? Any.create());
          break;
        case 42:
          m.netnsPath = readString(r);
          break;
        case 50: {
          const last = endOf(r, end);
          let key: string = "";
          let value: string = "";
          while (r.pos < last) {
            const inner = r.tag();
            if (inner === 10) key = readString(r);
            else if (inner === 18) value = readString(r);
            else r.skip(inner);
          }
          finish(r, last, m.annotations.set(key, value));
          break;
        }
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export type CreateSandboxResponse = Record<never, never>;
export const CreateSandboxResponse: MessageType<CreateSandboxResponse> = messageType<CreateSandboxResponse>(
  "containerd.runtime.sandbox.v1.CreateSandboxResponse",
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

export interface StartSandboxRequest {
  sandboxId: string;
}
export const StartSandboxRequest: MessageType<StartSandboxRequest> = messageType<StartSandboxRequest>(
  "containerd.runtime.sandbox.v1.StartSandboxRequest",
  () => ({ sandboxId: "" }),
  (m, w) => {
    if (m.sandboxId !== "") w.uint32(10).string(m.sandboxId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.sandboxId = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface StartSandboxResponse {
  pid: number;
  createdAt?: Timestamp | undefined;
  /** Not in containerd 2.0. */
  spec?: Any | undefined;
}
export const StartSandboxResponse: MessageType<StartSandboxResponse> = messageType<StartSandboxResponse>(
  "containerd.runtime.sandbox.v1.StartSandboxResponse",
  () => ({ pid: 0, createdAt: undefined, spec: undefined }),
  (m, w) => {
    if (m.pid !== 0) w.uint32(8).uint32(m.pid);
    if (m.createdAt !== undefined) {
      w.uint32(18).fork();
      Timestamp.write(m.createdAt, w);
      w.ldelim();
    }
    if (m.spec !== undefined) {
      w.uint32(26).fork();
      Any.write(m.spec, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.pid = r.uint32();
          break;
        case 18:
          m.createdAt = Timestamp.read(r, endOf(r, end), m.createdAt ?? Timestamp.create());
          break;
        case 26:
          m.spec = Any.read(r, endOf(r, end), m.spec ?? Any.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface PlatformRequest {
  sandboxId: string;
}
export const PlatformRequest: MessageType<PlatformRequest> = messageType<PlatformRequest>(
  "containerd.runtime.sandbox.v1.PlatformRequest",
  () => ({ sandboxId: "" }),
  (m, w) => {
    if (m.sandboxId !== "") w.uint32(10).string(m.sandboxId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.sandboxId = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface PlatformResponse {
  platform?: Platform | undefined;
}
export const PlatformResponse: MessageType<PlatformResponse> = messageType<PlatformResponse>(
  "containerd.runtime.sandbox.v1.PlatformResponse",
  () => ({ platform: undefined }),
  (m, w) => {
    if (m.platform !== undefined) {
      w.uint32(10).fork();
      Platform.write(m.platform, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.platform = Platform.read(r, endOf(r, end), m.platform ?? Platform.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface StopSandboxRequest {
  sandboxId: string;
  timeoutSecs: number;
}
export const StopSandboxRequest: MessageType<StopSandboxRequest> = messageType<StopSandboxRequest>(
  "containerd.runtime.sandbox.v1.StopSandboxRequest",
  () => ({ sandboxId: "", timeoutSecs: 0 }),
  (m, w) => {
    if (m.sandboxId !== "") w.uint32(10).string(m.sandboxId);
    if (m.timeoutSecs !== 0) w.uint32(16).uint32(m.timeoutSecs);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.sandboxId = readString(r);
          break;
        case 16:
          m.timeoutSecs = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export type StopSandboxResponse = Record<never, never>;
export const StopSandboxResponse: MessageType<StopSandboxResponse> = messageType<StopSandboxResponse>(
  "containerd.runtime.sandbox.v1.StopSandboxResponse",
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

export interface WaitSandboxRequest {
  sandboxId: string;
}
export const WaitSandboxRequest: MessageType<WaitSandboxRequest> = messageType<WaitSandboxRequest>(
  "containerd.runtime.sandbox.v1.WaitSandboxRequest",
  () => ({ sandboxId: "" }),
  (m, w) => {
    if (m.sandboxId !== "") w.uint32(10).string(m.sandboxId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.sandboxId = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface WaitSandboxResponse {
  exitStatus: number;
  exitedAt?: Timestamp | undefined;
}
export const WaitSandboxResponse: MessageType<WaitSandboxResponse> = messageType<WaitSandboxResponse>(
  "containerd.runtime.sandbox.v1.WaitSandboxResponse",
  () => ({ exitStatus: 0, exitedAt: undefined }),
  (m, w) => {
    if (m.exitStatus !== 0) w.uint32(8).uint32(m.exitStatus);
    if (m.exitedAt !== undefined) {
      w.uint32(18).fork();
      Timestamp.write(m.exitedAt, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.exitStatus = r.uint32();
          break;
        case 18:
          m.exitedAt = Timestamp.read(r, endOf(r, end), m.exitedAt ?? Timestamp.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface SandboxStatusRequest {
  sandboxId: string;
  verbose: boolean;
}
export const SandboxStatusRequest: MessageType<SandboxStatusRequest> = messageType<SandboxStatusRequest>(
  "containerd.runtime.sandbox.v1.SandboxStatusRequest",
  () => ({ sandboxId: "", verbose: false }),
  (m, w) => {
    if (m.sandboxId !== "") w.uint32(10).string(m.sandboxId);
    if (m.verbose) w.uint32(16).bool(m.verbose);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.sandboxId = readString(r);
          break;
        case 16:
          m.verbose = r.bool();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface SandboxStatusResponse {
  sandboxId: string;
  pid: number;
  state: string;
  info: Map<string, string>;
  createdAt?: Timestamp | undefined;
  exitedAt?: Timestamp | undefined;
  extra?: Any | undefined;
}
export const SandboxStatusResponse: MessageType<SandboxStatusResponse> = messageType<SandboxStatusResponse>(
  "containerd.runtime.sandbox.v1.SandboxStatusResponse",
  () => ({ sandboxId: "", pid: 0, state: "", info: new Map(), createdAt: undefined, exitedAt: undefined, extra: undefined }),
  (m, w) => {
    if (m.sandboxId !== "") w.uint32(10).string(m.sandboxId);
    if (m.pid !== 0) w.uint32(16).uint32(m.pid);
    if (m.state !== "") w.uint32(26).string(m.state);
    for (const [key, value] of m.info) {
      w.uint32(34).fork();
      w.uint32(10).string(key);
      w.uint32(18).string(value);
      w.ldelim();
    }
    if (m.createdAt !== undefined) {
      w.uint32(42).fork();
      Timestamp.write(m.createdAt, w);
      w.ldelim();
    }
    if (m.exitedAt !== undefined) {
      w.uint32(50).fork();
      Timestamp.write(m.exitedAt, w);
      w.ldelim();
    }
    if (m.extra !== undefined) {
      w.uint32(58).fork();
      Any.write(m.extra, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.sandboxId = readString(r);
          break;
        case 16:
          m.pid = r.uint32();
          break;
        case 26:
          m.state = readString(r);
          break;
        case 34: {
          const last = endOf(r, end);
          let key: string = "";
          let value: string = "";
          while (r.pos < last) {
            const inner = r.tag();
            if (inner === 10) key = readString(r);
            else if (inner === 18) value = readString(r);
            else r.skip(inner);
          }
          finish(r, last, m.info.set(key, value));
          break;
        }
        case 42:
          m.createdAt = Timestamp.read(r, endOf(r, end), m.createdAt ?? Timestamp.create());
          break;
        case 50:
          m.exitedAt = Timestamp.read(r, endOf(r, end), m.exitedAt ?? Timestamp.create());
          break;
        case 58:
          m.extra = Any.read(r, endOf(r, end), m.extra ?? Any.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface PingRequest {
  sandboxId: string;
}
export const PingRequest: MessageType<PingRequest> = messageType<PingRequest>(
  "containerd.runtime.sandbox.v1.PingRequest",
  () => ({ sandboxId: "" }),
  (m, w) => {
    if (m.sandboxId !== "") w.uint32(10).string(m.sandboxId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.sandboxId = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export type PingResponse = Record<never, never>;
export const PingResponse: MessageType<PingResponse> = messageType<PingResponse>(
  "containerd.runtime.sandbox.v1.PingResponse",
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

export interface ShutdownSandboxRequest {
  sandboxId: string;
}
export const ShutdownSandboxRequest: MessageType<ShutdownSandboxRequest> = messageType<ShutdownSandboxRequest>(
  "containerd.runtime.sandbox.v1.ShutdownSandboxRequest",
  () => ({ sandboxId: "" }),
  (m, w) => {
    if (m.sandboxId !== "") w.uint32(10).string(m.sandboxId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.sandboxId = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export type ShutdownSandboxResponse = Record<never, never>;
export const ShutdownSandboxResponse: MessageType<ShutdownSandboxResponse> = messageType<ShutdownSandboxResponse>(
  "containerd.runtime.sandbox.v1.ShutdownSandboxResponse",
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

export interface SandboxMetricsRequest {
  sandboxId: string;
}
export const SandboxMetricsRequest: MessageType<SandboxMetricsRequest> = messageType<SandboxMetricsRequest>(
  "containerd.runtime.sandbox.v1.SandboxMetricsRequest",
  () => ({ sandboxId: "" }),
  (m, w) => {
    if (m.sandboxId !== "") w.uint32(10).string(m.sandboxId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.sandboxId = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface SandboxMetricsResponse {
  metrics?: Metric | undefined;
}
export const SandboxMetricsResponse: MessageType<SandboxMetricsResponse> = messageType<SandboxMetricsResponse>(
  "containerd.runtime.sandbox.v1.SandboxMetricsResponse",
  () => ({ metrics: undefined }),
  (m, w) => {
    if (m.metrics !== undefined) {
      w.uint32(10).fork();
      Metric.write(m.metrics, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.metrics = Metric.read(r, endOf(r, end), m.metrics ?? Metric.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export const Sandbox = {
  name: "containerd.runtime.sandbox.v1.Sandbox",
  methods: {
    CreateSandbox: {
      name: "CreateSandbox",
      input: CreateSandboxRequest,
      output: CreateSandboxResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    StartSandbox: {
      name: "StartSandbox",
      input: StartSandboxRequest,
      output: StartSandboxResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    Platform: {
      name: "Platform",
      input: PlatformRequest,
      output: PlatformResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    StopSandbox: {
      name: "StopSandbox",
      input: StopSandboxRequest,
      output: StopSandboxResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    WaitSandbox: {
      name: "WaitSandbox",
      input: WaitSandboxRequest,
      output: WaitSandboxResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    SandboxStatus: {
      name: "SandboxStatus",
      input: SandboxStatusRequest,
      output: SandboxStatusResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    PingSandbox: {
      name: "PingSandbox",
      input: PingRequest,
      output: PingResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    ShutdownSandbox: {
      name: "ShutdownSandbox",
      input: ShutdownSandboxRequest,
      output: ShutdownSandboxResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    SandboxMetrics: {
      name: "SandboxMetrics",
      input: SandboxMetricsRequest,
      output: SandboxMetricsResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
  },
} as const;
