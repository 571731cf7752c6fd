// Generated from proto/ (package containerd.types.transfer) by scripts/generate-proto. Do not edit.

import { type MessageType, finish, messageType, noBytes, readInt64, readString, writeInt64 } from "../../wire.ts";

/** Bytes of a stream, at most 32 KiB and never more than the receiver has granted. */
export interface Data {
  data: Uint8Array;
}
export const Data: MessageType<Data> = messageType<Data>(
  "containerd.types.transfer.Data",
  () => ({ data: noBytes }),
  (m, w) => {
    if (m.data.length > 0) w.uint32(10).bytes(m.data);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.data = r.bytes();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** The receiver grants the sender that many bytes more. */
export interface WindowUpdate {
  update: number;
}
export const WindowUpdate: MessageType<WindowUpdate> = messageType<WindowUpdate>(
  "containerd.types.transfer.WindowUpdate",
  () => ({ update: 0 }),
  (m, w) => {
    if (m.update !== 0) w.uint32(8).int32(m.update);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.update = r.int32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** A stream on which the client sends. */
export interface ReadStream {
  stream: string;
  mediaType: string;
}
export const ReadStream: MessageType<ReadStream> = messageType<ReadStream>(
  "containerd.types.transfer.ReadStream",
  () => ({ stream: "", mediaType: "" }),
  (m, w) => {
    if (m.stream !== "") w.uint32(10).string(m.stream);
    if (m.mediaType !== "") w.uint32(18).string(m.mediaType);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.stream = readString(r);
          break;
        case 18:
          m.mediaType = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** A stream on which the client receives. */
export interface WriteStream {
  stream: string;
  mediaType: string;
}
export const WriteStream: MessageType<WriteStream> = messageType<WriteStream>(
  "containerd.types.transfer.WriteStream",
  () => ({ stream: "", mediaType: "" }),
  (m, w) => {
    if (m.stream !== "") w.uint32(10).string(m.stream);
    if (m.mediaType !== "") w.uint32(18).string(m.mediaType);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.stream = readString(r);
          break;
        case 18:
          m.mediaType = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface ContainerPath {
  containerId: string;
  path: string;
  /** Of a directory only its own entry. */
  noWalk: boolean;
  /** uid and gid are those of the archive. */
  preserveOwnership: boolean;
}
export const ContainerPath: MessageType<ContainerPath> = messageType<ContainerPath>(
  "containerd.types.transfer.ContainerPath",
  () => ({ containerId: "", path: "", noWalk: false, preserveOwnership: false }),
  (m, w) => {
    if (m.containerId !== "") w.uint32(10).string(m.containerId);
    if (m.path !== "") w.uint32(18).string(m.path);
    if (m.noWalk) w.uint32(24).bool(m.noWalk);
    if (m.preserveOwnership) w.uint32(32).bool(m.preserveOwnership);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.containerId = readString(r);
          break;
        case 18:
          m.path = readString(r);
          break;
        case 24:
          m.noWalk = r.bool();
          break;
        case 32:
          m.preserveOwnership = r.bool();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface Progress {
  event: string;
  name: string;
  parents: string[];
  progress: bigint;
  total: bigint;
}
export const Progress: MessageType<Progress> = messageType<Progress>(
  "containerd.types.transfer.Progress",
  () => ({ event: "", name: "", parents: [], progress: 0n, total: 0n }),
  (m, w) => {
    if (m.event !== "") w.uint32(10).string(m.event);
    if (m.name !== "") w.uint32(18).string(m.name);
    for (const value of m.parents) w.uint32(26).string(value);
    if (m.progress !== 0n) writeInt64(w.uint32(32), m.progress);
    if (m.total !== 0n) writeInt64(w.uint32(40), m.total);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.event = readString(r);
          break;
        case 18:
          m.name = readString(r);
          break;
        case 26:
          m.parents.push(readString(r));
          break;
        case 32:
          m.progress = readInt64(r);
          break;
        case 40:
          m.total = readInt64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);
