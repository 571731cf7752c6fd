// Generated from proto/ (package ttrpc) by scripts/generate-proto. Do not edit.

import { Status } from "./google/rpc.ts";
import { type MessageType, endOf, finish, messageType, noBytes, readInt64, readString, writeInt64 } from "./wire.ts";

export interface Request {
  service: string;
  method: string;
  payload: Uint8Array;
  timeoutNano: bigint;
  metadata: KeyValue[];
}
export const Request: MessageType<Request> = messageType<Request>(
  "ttrpc.Request",
  () => ({ service: "", method: "", payload: noBytes, timeoutNano: 0n, metadata: [] }),
  (m, w) => {
    if (m.service !== "") w.uint32(10).string(m.service);
    if (m.method !== "") w.uint32(18).string(m.method);
    if (m.payload.length > 0) w.uint32(26).bytes(m.payload);
    if (m.timeoutNano !== 0n) writeInt64(w.uint32(32), m.timeoutNano);
    for (const value of m.metadata) {
      w.uint32(42).fork();
      KeyValue.write(value, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.service = readString(r);
          break;
        case 18:
          m.method = readString(r);
          break;
        case 26:
          m.payload = r.bytes();
          break;
        case 32:
          m.timeoutNano = readInt64(r);
          break;
        case 42:
          m.metadata.push(KeyValue.read(r, endOf(r, end), KeyValue.create()));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface Response {
  status?: Status | undefined;
  payload: Uint8Array;
}
export const Response: MessageType<Response> = messageType<Response>(
  "ttrpc.Response",
  () => ({ status: undefined, payload: noBytes }),
  (m, w) => {
    if (m.status !== undefined) {
      w.uint32(10).fork();
      Status.write(m.status, w);
      w.ldelim();
    }
    if (m.payload.length > 0) w.uint32(18).bytes(m.payload);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.status = Status.read(r, endOf(r, end), m.status ?? Status.create());
          break;
        case 18:
          m.payload = r.bytes();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface KeyValue {
  key: string;
  value: string;
}
export const KeyValue: MessageType<KeyValue> = messageType<KeyValue>(
  "ttrpc.KeyValue",
  () => ({ key: "", value: "" }),
  (m, w) => {
    if (m.key !== "") w.uint32(10).string(m.key);
    if (m.value !== "") w.uint32(18).string(m.value);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.key = readString(r);
          break;
        case 18:
          m.value = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);
