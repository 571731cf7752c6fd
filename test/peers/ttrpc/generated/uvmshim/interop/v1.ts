// Generated from proto/ (package uvmshim.interop.v1) by scripts/generate-proto. Do not edit.

import { Empty } from "../../../../../../src/generated/google/protobuf.ts";
import { type MessageType, endOf, finish, messageType, noBytes, readInt64, readString, writeInt64 } from "../../../../../../src/generated/wire.ts";

export interface EchoRequest {
  seq: bigint;
  text: string;
  payload: Uint8Array;
}
export const EchoRequest: MessageType<EchoRequest> = messageType<EchoRequest>(
  "uvmshim.interop.v1.EchoRequest",
  () => ({ seq: 0n, text: "", payload: noBytes }),
  (m, w) => {
    if (m.seq !== 0n) writeInt64(w.uint32(8), m.seq);
    if (m.text !== "") w.uint32(18).string(m.text);
    if (m.payload.length > 0) w.uint32(26).bytes(m.payload);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.seq = readInt64(r);
          break;
        case 18:
          m.text = readString(r);
          break;
        case 26:
          m.payload = r.bytes();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface EchoResponse {
  seq: bigint;
  text: string;
  payload: Uint8Array;
}
export const EchoResponse: MessageType<EchoResponse> = messageType<EchoResponse>(
  "uvmshim.interop.v1.EchoResponse",
  () => ({ seq: 0n, text: "", payload: noBytes }),
  (m, w) => {
    if (m.seq !== 0n) writeInt64(w.uint32(8), m.seq);
    if (m.text !== "") w.uint32(18).string(m.text);
    if (m.payload.length > 0) w.uint32(26).bytes(m.payload);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.seq = readInt64(r);
          break;
        case 18:
          m.text = readString(r);
          break;
        case 26:
          m.payload = r.bytes();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface MetadataPair {
  key: string;
  values: string[];
}
export const MetadataPair: MessageType<MetadataPair> = messageType<MetadataPair>(
  "uvmshim.interop.v1.MetadataPair",
  () => ({ key: "", values: [] }),
  (m, w) => {
    if (m.key !== "") w.uint32(10).string(m.key);
    for (const value of m.values) w.uint32(18).string(value);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.key = readString(r);
          break;
        case 18:
          m.values.push(readString(r));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface EchoMetadataResponse {
  metadata: MetadataPair[];
}
export const EchoMetadataResponse: MessageType<EchoMetadataResponse> = messageType<EchoMetadataResponse>(
  "uvmshim.interop.v1.EchoMetadataResponse",
  () => ({ metadata: [] }),
  (m, w) => {
    for (const value of m.metadata) {
      w.uint32(10).fork();
      MetadataPair.write(value, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.metadata.push(MetadataPair.read(r, endOf(r, end), MetadataPair.create()));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface SleepRequest {
  durationMs: number;
}
export const SleepRequest: MessageType<SleepRequest> = messageType<SleepRequest>(
  "uvmshim.interop.v1.SleepRequest",
  () => ({ durationMs: 0 }),
  (m, w) => {
    if (m.durationMs !== 0) w.uint32(8).uint32(m.durationMs);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.durationMs = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface SleepResponse {
  /** Milliseconds left until the deadline when the handler began; -1 without a deadline. */
  deadlineMs: bigint;
}
export const SleepResponse: MessageType<SleepResponse> = messageType<SleepResponse>(
  "uvmshim.interop.v1.SleepResponse",
  () => ({ deadlineMs: 0n }),
  (m, w) => {
    if (m.deadlineMs !== 0n) writeInt64(w.uint32(8), m.deadlineMs);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.deadlineMs = readInt64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface FailRequest {
  code: number;
  text: string;
}
export const FailRequest: MessageType<FailRequest> = messageType<FailRequest>(
  "uvmshim.interop.v1.FailRequest",
  () => ({ code: 0, text: "" }),
  (m, w) => {
    if (m.code !== 0) w.uint32(8).int32(m.code);
    if (m.text !== "") w.uint32(18).string(m.text);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.code = r.int32();
          break;
        case 18:
          m.text = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface BigRequest {
  size: number;
  /** Makes the request big. */
  padding: Uint8Array;
}
export const BigRequest: MessageType<BigRequest> = messageType<BigRequest>(
  "uvmshim.interop.v1.BigRequest",
  () => ({ size: 0, padding: noBytes }),
  (m, w) => {
    if (m.size !== 0) w.uint32(8).uint32(m.size);
    if (m.padding.length > 0) w.uint32(18).bytes(m.padding);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.size = r.uint32();
          break;
        case 18:
          m.padding = r.bytes();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface BigResponse {
  data: Uint8Array;
}
export const BigResponse: MessageType<BigResponse> = messageType<BigResponse>(
  "uvmshim.interop.v1.BigResponse",
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

export interface Part {
  add: number;
}
export const Part: MessageType<Part> = messageType<Part>(
  "uvmshim.interop.v1.Part",
  () => ({ add: 0 }),
  (m, w) => {
    if (m.add !== 0) w.uint32(8).int32(m.add);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.add = r.int32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface SumResponse {
  sum: bigint;
  parts: number;
}
export const SumResponse: MessageType<SumResponse> = messageType<SumResponse>(
  "uvmshim.interop.v1.SumResponse",
  () => ({ sum: 0n, parts: 0 }),
  (m, w) => {
    if (m.sum !== 0n) writeInt64(w.uint32(8), m.sum);
    if (m.parts !== 0) w.uint32(16).uint32(m.parts);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.sum = readInt64(r);
          break;
        case 16:
          m.parts = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface DivideRequest {
  total: number;
  parts: number;
}
export const DivideRequest: MessageType<DivideRequest> = messageType<DivideRequest>(
  "uvmshim.interop.v1.DivideRequest",
  () => ({ total: 0, parts: 0 }),
  (m, w) => {
    if (m.total !== 0) w.uint32(8).int32(m.total);
    if (m.parts !== 0) w.uint32(16).uint32(m.parts);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.total = r.int32();
          break;
        case 16:
          m.parts = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export const Interop = {
  name: "uvmshim.interop.v1.Interop",
  methods: {
    Echo: {
      name: "Echo",
      input: EchoRequest,
      output: EchoResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    EchoMetadata: {
      name: "EchoMetadata",
      input: Empty,
      output: EchoMetadataResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    Sleep: {
      name: "Sleep",
      input: SleepRequest,
      output: SleepResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    Fail: {
      name: "Fail",
      input: FailRequest,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
    Big: {
      name: "Big",
      input: BigRequest,
      output: BigResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    Sum: {
      name: "Sum",
      input: Part,
      output: SumResponse,
      clientStreaming: true,
      serverStreaming: false,
    },
    Divide: {
      name: "Divide",
      input: DivideRequest,
      output: Part,
      clientStreaming: false,
      serverStreaming: true,
    },
    EchoStream: {
      name: "EchoStream",
      input: EchoRequest,
      output: EchoResponse,
      clientStreaming: true,
      serverStreaming: true,
    },
    EchoNull: {
      name: "EchoNull",
      input: EchoRequest,
      output: Empty,
      clientStreaming: true,
      serverStreaming: false,
    },
  },
} as const;
