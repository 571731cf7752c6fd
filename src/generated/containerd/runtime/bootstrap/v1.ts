// Generated from proto/ (package containerd.runtime.bootstrap.v1) by scripts/generate-proto. Do not edit.

import { Any } from "../../../google/protobuf.ts";
import { type MessageType, endOf, finish, messageType, readPacked, readString } from "../../../wire.ts";

/** An open enum: numbers without a name pass through `decode` and `encode` unchanged. */
export const LogLevel = {
  LOG_LEVEL_INFO: 0,
  LOG_LEVEL_TRACE: -8,
  LOG_LEVEL_DEBUG: -4,
  LOG_LEVEL_WARN: 4,
  LOG_LEVEL_ERROR: 8,
  LOG_LEVEL_FATAL: 10,
  LOG_LEVEL_PANIC: 12,
} as const;
export type LogLevel = (typeof LogLevel)[keyof typeof LogLevel];

/** An open enum: numbers without a name pass through `decode` and `encode` unchanged. */
export const Capability = {
  CAPABILITY_UNSPECIFIED: 0,
} as const;
export type Capability = (typeof Capability)[keyof typeof Capability];

export interface BootstrapParams {
  instanceId: string;
  namespace: string;
  logLevel: LogLevel;
  containerdVersion: string;
  containerdTtrpcAddress: string;
  containerdGrpcAddress: string;
  containerdBinary: string;
  extensions: Extension[];
  /** Unset is not the same as empty. */
  socketDir?: string | undefined;
}
export const BootstrapParams: MessageType<BootstrapParams> = messageType<BootstrapParams>(
  "containerd.runtime.bootstrap.v1.BootstrapParams",
  () => ({ instanceId: "", namespace: "", logLevel: 0, containerdVersion: "", containerdTtrpcAddress: "", containerdGrpcAddress: "", containerdBinary: "", extensions: [], socketDir: undefined }),
  (m, w) => {
    if (m.instanceId !== "") w.uint32(10).string(m.instanceId);
    if (m.namespace !== "") w.uint32(18).string(m.namespace);
    if (m.logLevel !== 0) w.uint32(24).int32(m.logLevel);
    if (m.containerdVersion !== "") w.uint32(34).string(m.containerdVersion);
    if (m.containerdTtrpcAddress !== "") w.uint32(42).string(m.containerdTtrpcAddress);
    if (m.containerdGrpcAddress !== "") w.uint32(50).string(m.containerdGrpcAddress);
    if (m.containerdBinary !== "") w.uint32(58).string(m.containerdBinary);
    for (const value of m.extensions) {
      w.uint32(66).fork();
      Extension.write(value, w);
      w.ldelim();
    }
    if (m.socketDir !== undefined) w.uint32(74).string(m.socketDir);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.instanceId = readString(r);
          break;
        case 18:
          m.namespace = readString(r);
          break;
        case 24:
          m.logLevel = r.int32() as LogLevel;
          break;
        case 34:
          m.containerdVersion = readString(r);
          break;
        case 42:
          m.containerdTtrpcAddress = readString(r);
          break;
        case 50:
          m.containerdGrpcAddress = readString(r);
          break;
        case 58:
          m.containerdBinary = readString(r);
          break;
        case 66:
          m.extensions.push(Extension.read(r, endOf(r, end), Extension.create()));
          break;
        case 74:
          m.socketDir = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface Extension {
  value?: Any | undefined;
}
export const Extension: MessageType<Extension> = messageType<Extension>(
  "containerd.runtime.bootstrap.v1.Extension",
  () => ({ value: undefined }),
  (m, w) => {
    if (m.value !== undefined) {
      w.uint32(10).fork();
      Any.write(m.value, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.value = Any.read(r, endOf(r, end), m.value ?? Any.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface BootstrapResult {
  version: number;
  address: string;
  protocol: string;
  capabilities: Capability[];
  metadata: Map<string, string>;
}
export const BootstrapResult: MessageType<BootstrapResult> = messageType<BootstrapResult>(
  "containerd.runtime.bootstrap.v1.BootstrapResult",
  () => ({ version: 0, address: "", protocol: "", capabilities: [], metadata: new Map() }),
  (m, w) => {
    if (m.version !== 0) w.uint32(8).int32(m.version);
    if (m.address !== "") w.uint32(18).string(m.address);
    if (m.protocol !== "") w.uint32(26).string(m.protocol);
    if (m.capabilities.length > 0) {
      w.uint32(34).fork();
      for (const value of m.capabilities) w.int32(value);
      w.ldelim();
    }
    for (const [key, value] of m.metadata) {
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
          m.version = r.int32();
          break;
        case 18:
          m.address = readString(r);
          break;
        case 26:
          m.protocol = readString(r);
          break;
        case 32:
          m.capabilities.push(r.int32() as Capability);
          break;
        case 34:
          readPacked(r, end, () => m.capabilities.push(r.int32() as Capability));
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
          finish(r, last, m.metadata.set(key, value));
          break;
        }
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);
