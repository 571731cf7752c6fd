// Generated from proto/ (package containerd.types) by scripts/generate-proto. Do not edit.

import { Any, Timestamp } from "../google/protobuf.ts";
import { type MessageType, endOf, finish, messageType, readString } from "../wire.ts";

export interface Mount {
  type: string;
  source: string;
  target: string;
  options: string[];
}
export const Mount: MessageType<Mount> = messageType<Mount>(
  "containerd.types.Mount",
  () => ({ type: "", source: "", target: "", options: [] }),
  (m, w) => {
    if (m.type !== "") w.uint32(10).string(m.type);
    if (m.source !== "") w.uint32(18).string(m.source);
    if (m.target !== "") w.uint32(26).string(m.target);
    for (const value of m.options) w.uint32(34).string(value);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.type = readString(r);
          break;
        case 18:
          m.source = readString(r);
          break;
        case 26:
          m.target = readString(r);
          break;
        case 34:
          m.options.push(readString(r));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface Metric {
  timestamp?: Timestamp | undefined;
  id: string;
  data?: Any | undefined;
}
export const Metric: MessageType<Metric> = messageType<Metric>(
  "containerd.types.Metric",
  () => ({ timestamp: undefined, id: "", data: undefined }),
  (m, w) => {
    if (m.timestamp !== undefined) {
      w.uint32(10).fork();
      Timestamp.write(m.timestamp, w);
      w.ldelim();
    }
    if (m.id !== "") w.uint32(18).string(m.id);
    if (m.data !== undefined) {
      w.uint32(26).fork();
      Any.write(m.data, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.timestamp = Timestamp.read(r, endOf(r, end), m.timestamp ?? Timestamp.create());
          break;
        case 18:
          m.id = readString(r);
          break;
        case 26:
          m.data = Any.read(r, endOf(r, end), m.data ?? Any.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface Platform {
  os: string;
  architecture: string;
  variant: string;
  osVersion: string;
  osFeatures: string[];
}
export const Platform: MessageType<Platform> = messageType<Platform>(
  "containerd.types.Platform",
  () => ({ os: "", architecture: "", variant: "", osVersion: "", osFeatures: [] }),
  (m, w) => {
    if (m.os !== "") w.uint32(10).string(m.os);
    if (m.architecture !== "") w.uint32(18).string(m.architecture);
    if (m.variant !== "") w.uint32(26).string(m.variant);
    if (m.osVersion !== "") w.uint32(34).string(m.osVersion);
    for (const value of m.osFeatures) w.uint32(42).string(value);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.os = readString(r);
          break;
        case 18:
          m.architecture = readString(r);
          break;
        case 26:
          m.variant = readString(r);
          break;
        case 34:
          m.osVersion = readString(r);
          break;
        case 42:
          m.osFeatures.push(readString(r));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface Envelope {
  timestamp?: Timestamp | undefined;
  namespace: string;
  topic: string;
  event?: Any | undefined;
}
export const Envelope: MessageType<Envelope> = messageType<Envelope>(
  "containerd.types.Envelope",
  () => ({ timestamp: undefined, namespace: "", topic: "", event: undefined }),
  (m, w) => {
    if (m.timestamp !== undefined) {
      w.uint32(10).fork();
      Timestamp.write(m.timestamp, w);
      w.ldelim();
    }
    if (m.namespace !== "") w.uint32(18).string(m.namespace);
    if (m.topic !== "") w.uint32(26).string(m.topic);
    if (m.event !== undefined) {
      w.uint32(34).fork();
      Any.write(m.event, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.timestamp = Timestamp.read(r, endOf(r, end), m.timestamp ?? Timestamp.create());
          break;
        case 18:
          m.namespace = readString(r);
          break;
        case 26:
          m.topic = readString(r);
          break;
        case 34:
          m.event = Any.read(r, endOf(r, end), m.event ?? Any.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface RuntimeRequest {
  runtimePath: string;
  /** The same bytes that containerd would give to `start`. */
  options?: Any | undefined;
}
export const RuntimeRequest: MessageType<RuntimeRequest> = messageType<RuntimeRequest>(
  "containerd.types.RuntimeRequest",
  () => ({ runtimePath: "", options: undefined }),
  (m, w) => {
    if (m.runtimePath !== "") w.uint32(10).string(m.runtimePath);
    if (m.options !== undefined) {
      w.uint32(18).fork();
      Any.write(m.options, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.runtimePath = readString(r);
          break;
        case 18:
          m.options = Any.read(r, endOf(r, end), m.options ?? Any.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface RuntimeVersion {
  version: string;
  revision: string;
}
export const RuntimeVersion: MessageType<RuntimeVersion> = messageType<RuntimeVersion>(
  "containerd.types.RuntimeVersion",
  () => ({ version: "", revision: "" }),
  (m, w) => {
    if (m.version !== "") w.uint32(10).string(m.version);
    if (m.revision !== "") w.uint32(18).string(m.revision);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.version = readString(r);
          break;
        case 18:
          m.revision = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface RuntimeInfo {
  name: string;
  version?: RuntimeVersion | undefined;
  options?: Any | undefined;
  /** JSON: the features document of the OCI runtime spec. */
  features?: Any | undefined;
  annotations: Map<string, string>;
}
export const RuntimeInfo: MessageType<RuntimeInfo> = messageType<RuntimeInfo>(
  "containerd.types.RuntimeInfo",
  () => ({ name: "", version: undefined, options: undefined, features: undefined, annotations: new Map() }),
  (m, w) => {
    if (m.name !== "") w.uint32(10).string(m.name);
    if (m.version !== undefined) {
      w.uint32(18).fork();
      RuntimeVersion.write(m.version, w);
      w.ldelim();
    }
    if (m.options !== undefined) {
      w.uint32(26).fork();
      Any.write(m.options, w);
      w.ldelim();
    }
    if (m.features !== undefined) {
      w.uint32(34).fork();
      Any.write(m.features, w);
      w.ldelim();
    }
    for (const [key, value] of m.annotations) {
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
        case 10:
          m.name = readString(r);
          break;
        case 18:
          m.version = RuntimeVersion.read(r, endOf(r, end), m.version ?? RuntimeVersion.create());
          break;
        case 26:
          m.options = Any.read(r, endOf(r, end), m.options ?? Any.create());
          break;
        case 34:
          m.features = Any.read(r, endOf(r, end), m.features ?? Any.create());
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
