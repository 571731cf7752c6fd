// Generated from proto/ (package containerd.types) by scripts/generate-proto. Do not edit.

import { Any, Timestamp } from "../google/protobuf.ts";
import { type MessageType, endOf, finish, messageType, readString, skip, writeString } from "../wire.ts";

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
    if (m.type !== "") writeString(w.uint32(10), m.type);
    if (m.source !== "") writeString(w.uint32(18), m.source);
    if (m.target !== "") writeString(w.uint32(26), m.target);
    for (const value of m.options) writeString(w.uint32(34), value);
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
          skip(r, tag);
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
    if (m.id !== "") writeString(w.uint32(18), m.id);
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
          skip(r, tag);
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
    if (m.os !== "") writeString(w.uint32(10), m.os);
    if (m.architecture !== "") writeString(w.uint32(18), m.architecture);
    if (m.variant !== "") writeString(w.uint32(26), m.variant);
    if (m.osVersion !== "") writeString(w.uint32(34), m.osVersion);
    for (const value of m.osFeatures) writeString(w.uint32(42), value);
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
          skip(r, tag);
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
    if (m.namespace !== "") writeString(w.uint32(18), m.namespace);
    if (m.topic !== "") writeString(w.uint32(26), m.topic);
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
          skip(r, tag);
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
    if (m.runtimePath !== "") writeString(w.uint32(10), m.runtimePath);
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
          skip(r, tag);
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
    if (m.version !== "") writeString(w.uint32(10), m.version);
    if (m.revision !== "") writeString(w.uint32(18), m.revision);
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
          skip(r, tag);
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
    if (m.name !== "") writeString(w.uint32(10), m.name);
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
      writeString(w.uint32(10), key);
      writeString(w.uint32(18), value);
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
            else skip(r, inner);
          }
          finish(r, last, m.annotations.set(key, value));
          break;
        }
        default:
          skip(r, tag);
      }
    }
    return finish(r, end, m);
  },
);
