// Generated from proto/ (package uvmshim.diag.v1) by scripts/generate-proto. Do not edit.

import { Timestamp } from "../../google/protobuf.ts";
import { type MessageType, endOf, finish, messageType, readString, readUint64, writeInt64 } from "../../wire.ts";

/** An open enum: numbers without a name pass through `decode` and `encode` unchanged. */
export const Direction = {
  DIRECTION_UNSPECIFIED: 0,
  TO_GUEST: 1,
  FROM_GUEST: 2,
} as const;
export type Direction = (typeof Direction)[keyof typeof Direction];

export interface ConsoleRequest {
  /** At most; 0: all that is kept. */
  lines: number;
  follow: boolean;
}
export const ConsoleRequest: MessageType<ConsoleRequest> = messageType<ConsoleRequest>(
  "uvmshim.diag.v1.ConsoleRequest",
  () => ({ lines: 0, follow: false }),
  (m, w) => {
    if (m.lines !== 0) w.uint32(8).uint32(m.lines);
    if (m.follow) w.uint32(16).bool(m.follow);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.lines = r.uint32();
          break;
        case 16:
          m.follow = r.bool();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface ConsoleLine {
  text: string;
  /** Lines before this one that the reader was too slow for. */
  lost: bigint;
}
export const ConsoleLine: MessageType<ConsoleLine> = messageType<ConsoleLine>(
  "uvmshim.diag.v1.ConsoleLine",
  () => ({ text: "", lost: 0n }),
  (m, w) => {
    if (m.text !== "") w.uint32(10).string(m.text);
    if (m.lost !== 0n) writeInt64(w.uint32(16), m.lost);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.text = readString(r);
          break;
        case 16:
          m.lost = readUint64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface BridgeRequest {
  bodies: boolean;
  /** Bodies with environments, arguments, annotations and the like in full. */
  secrets: boolean;
}
export const BridgeRequest: MessageType<BridgeRequest> = messageType<BridgeRequest>(
  "uvmshim.diag.v1.BridgeRequest",
  () => ({ bodies: false, secrets: false }),
  (m, w) => {
    if (m.bodies) w.uint32(8).bool(m.bodies);
    if (m.secrets) w.uint32(16).bool(m.secrets);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.bodies = r.bool();
          break;
        case 16:
          m.secrets = r.bool();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface BridgeMessage {
  at?: Timestamp | undefined;
  direction: Direction;
  type: number;
  name: string;
  id: bigint;
  /** Of the frame, its header included. */
  bytes: number;
  /** Of a response: since its request. */
  ms: number;
  /** JSON, where bodies are asked for. */
  body: string;
  /** Messages before this one that the reader was too slow for. */
  lost: bigint;
}
export const BridgeMessage: MessageType<BridgeMessage> = messageType<BridgeMessage>(
  "uvmshim.diag.v1.BridgeMessage",
  () => ({ at: undefined, direction: 0, type: 0, name: "", id: 0n, bytes: 0, ms: 0, body: "", lost: 0n }),
  (m, w) => {
    if (m.at !== undefined) {
      w.uint32(10).fork();
      Timestamp.write(m.at, w);
      w.ldelim();
    }
    if (m.direction !== 0) w.uint32(16).int32(m.direction);
    if (m.type !== 0) w.uint32(24).uint32(m.type);
    if (m.name !== "") w.uint32(34).string(m.name);
    if (m.id !== 0n) writeInt64(w.uint32(40), m.id);
    if (m.bytes !== 0) w.uint32(48).uint32(m.bytes);
    if (m.ms !== 0) w.uint32(57).double(m.ms);
    if (m.body !== "") w.uint32(66).string(m.body);
    if (m.lost !== 0n) writeInt64(w.uint32(72), m.lost);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.at = Timestamp.read(r, endOf(r, end), m.at ?? Timestamp.create());
          break;
        case 16:
          m.direction = r.int32() as Direction;
          break;
        case 24:
          m.type = r.uint32();
          break;
        case 34:
          m.name = readString(r);
          break;
        case 40:
          m.id = readUint64(r);
          break;
        case 48:
          m.bytes = r.uint32();
          break;
        case 57:
          m.ms = r.double();
          break;
        case 66:
          m.body = readString(r);
          break;
        case 72:
          m.lost = readUint64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export type ReportRequest = Record<never, never>;
export const ReportRequest: MessageType<ReportRequest> = messageType<ReportRequest>(
  "uvmshim.diag.v1.ReportRequest",
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

export interface ReportResponse {
  lines: ReportLine[];
  guestStacks: string;
}
export const ReportResponse: MessageType<ReportResponse> = messageType<ReportResponse>(
  "uvmshim.diag.v1.ReportResponse",
  () => ({ lines: [], guestStacks: "" }),
  (m, w) => {
    for (const value of m.lines) {
      w.uint32(10).fork();
      ReportLine.write(value, w);
      w.ldelim();
    }
    if (m.guestStacks !== "") w.uint32(18).string(m.guestStacks);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.lines.push(ReportLine.read(r, endOf(r, end), ReportLine.create()));
          break;
        case 18:
          m.guestStacks = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface ReportLine {
  what: string;
  /** Each as JSON. */
  fields: Map<string, string>;
}
export const ReportLine: MessageType<ReportLine> = messageType<ReportLine>(
  "uvmshim.diag.v1.ReportLine",
  () => ({ what: "", fields: new Map() }),
  (m, w) => {
    if (m.what !== "") w.uint32(10).string(m.what);
    for (const [key, value] of m.fields) {
      w.uint32(18).fork();
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
          m.what = readString(r);
          break;
        case 18: {
          const last = endOf(r, end);
          let key: string = "";
          let value: string = "";
          while (r.pos < last) {
            const inner = r.tag();
            if (inner === 10) key = readString(r);
            else if (inner === 18) value = readString(r);
            else r.skip(inner);
          }
          finish(r, last, m.fields.set(key, value));
          break;
        }
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export const Diagnostics = {
  name: "uvmshim.diag.v1.Diagnostics",
  methods: {
    Console: {
      name: "Console",
      input: ConsoleRequest,
      output: ConsoleLine,
      clientStreaming: false,
      serverStreaming: true,
    },
    Bridge: {
      name: "Bridge",
      input: BridgeRequest,
      output: BridgeMessage,
      clientStreaming: false,
      serverStreaming: true,
    },
    Report: {
      name: "Report",
      input: ReportRequest,
      output: ReportResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
  },
} as const;
