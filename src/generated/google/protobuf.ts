// Generated from proto/ (package google.protobuf) by scripts/generate-proto. Do not edit.

import { type MessageType, finish, messageType, noBytes, readInt64, readString, writeInt64 } from "../wire.ts";

export interface Timestamp {
  seconds: bigint;
  nanos: number;
}
export const Timestamp: MessageType<Timestamp> = messageType<Timestamp>(
  "google.protobuf.Timestamp",
  () => ({ seconds: 0n, nanos: 0 }),
  (m, w) => {
    if (m.seconds !== 0n) writeInt64(w.uint32(8), m.seconds);
    if (m.nanos !== 0) w.uint32(16).int32(m.nanos);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.seconds = readInt64(r);
          break;
        case 16:
          m.nanos = r.int32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface Any {
  typeUrl: string;
  value: Uint8Array;
}
export const Any: MessageType<Any> = messageType<Any>(
  "google.protobuf.Any",
  () => ({ typeUrl: "", value: noBytes }),
  (m, w) => {
    if (m.typeUrl !== "") w.uint32(10).string(m.typeUrl);
    if (m.value.length > 0) w.uint32(18).bytes(m.value);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.typeUrl = readString(r);
          break;
        case 18:
          m.value = r.bytes();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export type Empty = Record<never, never>;
export const Empty: MessageType<Empty> = messageType<Empty>(
  "google.protobuf.Empty",
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
