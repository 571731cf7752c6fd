// Generated from proto/ (package uvmshim.agent.v1) by scripts/generate-proto. Do not edit.

import { Empty } from "../../google/protobuf.ts";
import { type MessageType, finish, messageType, readString, readUint64, writeInt64 } from "../../wire.ts";

export interface EchoRequest {
  streamId: string;
}
export const EchoRequest: MessageType<EchoRequest> = messageType<EchoRequest>(
  "uvmshim.agent.v1.EchoRequest",
  () => ({ streamId: "" }),
  (m, w) => {
    if (m.streamId !== "") w.uint32(10).string(m.streamId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.streamId = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface EchoResponse {
  bytes: bigint;
}
export const EchoResponse: MessageType<EchoResponse> = messageType<EchoResponse>(
  "uvmshim.agent.v1.EchoResponse",
  () => ({ bytes: 0n }),
  (m, w) => {
    if (m.bytes !== 0n) writeInt64(w.uint32(8), m.bytes);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.bytes = readUint64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface ConnectRequest {
  streamId: string;
  /** A path in the guest. */
  socketPath: string;
}
export const ConnectRequest: MessageType<ConnectRequest> = messageType<ConnectRequest>(
  "uvmshim.agent.v1.ConnectRequest",
  () => ({ streamId: "", socketPath: "" }),
  (m, w) => {
    if (m.streamId !== "") w.uint32(10).string(m.streamId);
    if (m.socketPath !== "") w.uint32(18).string(m.socketPath);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.streamId = readString(r);
          break;
        case 18:
          m.socketPath = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface RunRequest {
  args: string[];
  /** Ids of streams; empty: /dev/null. */
  stdin: string;
  stdout: string;
  stderr: string;
}
export const RunRequest: MessageType<RunRequest> = messageType<RunRequest>(
  "uvmshim.agent.v1.RunRequest",
  () => ({ args: [], stdin: "", stdout: "", stderr: "" }),
  (m, w) => {
    for (const value of m.args) w.uint32(10).string(value);
    if (m.stdin !== "") w.uint32(18).string(m.stdin);
    if (m.stdout !== "") w.uint32(26).string(m.stdout);
    if (m.stderr !== "") w.uint32(34).string(m.stderr);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.args.push(readString(r));
          break;
        case 18:
          m.stdin = readString(r);
          break;
        case 26:
          m.stdout = readString(r);
          break;
        case 34:
          m.stderr = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface RunResponse {
  /** 0 to 255, or 128 and the signal. */
  exitStatus: number;
}
export const RunResponse: MessageType<RunResponse> = messageType<RunResponse>(
  "uvmshim.agent.v1.RunResponse",
  () => ({ exitStatus: 0 }),
  (m, w) => {
    if (m.exitStatus !== 0) w.uint32(8).uint32(m.exitStatus);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.exitStatus = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export const Streams = {
  name: "uvmshim.agent.v1.Streams",
  methods: {
    Echo: {
      name: "Echo",
      input: EchoRequest,
      output: EchoResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    Connect: {
      name: "Connect",
      input: ConnectRequest,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
  },
} as const;

export const Machine = {
  name: "uvmshim.agent.v1.Machine",
  methods: {
    Run: {
      name: "Run",
      input: RunRequest,
      output: RunResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    PowerOff: {
      name: "PowerOff",
      input: Empty,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
  },
} as const;
