// Generated from proto/ (package containerd.vminitd.services.mount.v1) by scripts/generate-proto. Do not edit.

import { type MessageType, endOf, finish, messageType, readString } from "../../../../wire.ts";

export interface MountSpec {
  type: string;
  /** A path in the guest, or the tag of a virtio-fs device. */
  source: string;
  /** A path in the guest. */
  target: string;
  options: string[];
}
export const MountSpec: MessageType<MountSpec> = messageType<MountSpec>(
  "containerd.vminitd.services.mount.v1.MountSpec",
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

export interface MountAllRequest {
  mounts: MountSpec[];
}
export const MountAllRequest: MessageType<MountAllRequest> = messageType<MountAllRequest>(
  "containerd.vminitd.services.mount.v1.MountAllRequest",
  () => ({ mounts: [] }),
  (m, w) => {
    for (const value of m.mounts) {
      w.uint32(10).fork();
      MountSpec.write(value, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.mounts.push(MountSpec.read(r, endOf(r, end), MountSpec.create()));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export type MountAllResponse = Record<never, never>;
export const MountAllResponse: MessageType<MountAllResponse> = messageType<MountAllResponse>(
  "containerd.vminitd.services.mount.v1.MountAllResponse",
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

export interface UnmountRequest {
  target: string;
}
export const UnmountRequest: MessageType<UnmountRequest> = messageType<UnmountRequest>(
  "containerd.vminitd.services.mount.v1.UnmountRequest",
  () => ({ target: "" }),
  (m, w) => {
    if (m.target !== "") w.uint32(10).string(m.target);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.target = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export type UnmountResponse = Record<never, never>;
export const UnmountResponse: MessageType<UnmountResponse> = messageType<UnmountResponse>(
  "containerd.vminitd.services.mount.v1.UnmountResponse",
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

export type UnmountAllRequest = Record<never, never>;
export const UnmountAllRequest: MessageType<UnmountAllRequest> = messageType<UnmountAllRequest>(
  "containerd.vminitd.services.mount.v1.UnmountAllRequest",
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

export type UnmountAllResponse = Record<never, never>;
export const UnmountAllResponse: MessageType<UnmountAllResponse> = messageType<UnmountAllResponse>(
  "containerd.vminitd.services.mount.v1.UnmountAllResponse",
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

export const Mount = {
  name: "containerd.vminitd.services.mount.v1.Mount",
  methods: {
    MountAll: {
      name: "MountAll",
      input: MountAllRequest,
      output: MountAllResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    Unmount: {
      name: "Unmount",
      input: UnmountRequest,
      output: UnmountResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    UnmountAll: {
      name: "UnmountAll",
      input: UnmountAllRequest,
      output: UnmountAllResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
  },
} as const;
