// Generated from proto/ (package nerdbox.services.socketforward.v1) by scripts/generate-proto. Do not edit.

import { Empty } from "../../../google/protobuf.ts";
import { type MessageType, endOf, finish, messageType, readString } from "../../../wire.ts";

export interface BindRequest {
  sockets: Socket[];
}
export const BindRequest: MessageType<BindRequest> = messageType<BindRequest>(
  "nerdbox.services.socketforward.v1.BindRequest",
  () => ({ sockets: [] }),
  (m, w) => {
    for (const value of m.sockets) {
      w.uint32(10).fork();
      Socket.write(value, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.sockets.push(Socket.read(r, endOf(r, end), Socket.create()));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface Socket {
  /** Of the host's choice; it alone knows what stands behind it. */
  forwardId: string;
  /** A path in the guest. */
  socketPath: string;
}
export const Socket: MessageType<Socket> = messageType<Socket>(
  "nerdbox.services.socketforward.v1.Socket",
  () => ({ forwardId: "", socketPath: "" }),
  (m, w) => {
    if (m.forwardId !== "") w.uint32(10).string(m.forwardId);
    if (m.socketPath !== "") w.uint32(18).string(m.socketPath);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.forwardId = readString(r);
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

export interface ConnectRequest {
  streamId: string;
  forwardId: string;
}
export const ConnectRequest: MessageType<ConnectRequest> = messageType<ConnectRequest>(
  "nerdbox.services.socketforward.v1.ConnectRequest",
  () => ({ streamId: "", forwardId: "" }),
  (m, w) => {
    if (m.streamId !== "") w.uint32(10).string(m.streamId);
    if (m.forwardId !== "") w.uint32(18).string(m.forwardId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.streamId = readString(r);
          break;
        case 18:
          m.forwardId = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface ConnectResult {
  streamId: string;
  /** Empty: the host has opened the stream. */
  error: string;
}
export const ConnectResult: MessageType<ConnectResult> = messageType<ConnectResult>(
  "nerdbox.services.socketforward.v1.ConnectResult",
  () => ({ streamId: "", error: "" }),
  (m, w) => {
    if (m.streamId !== "") w.uint32(10).string(m.streamId);
    if (m.error !== "") w.uint32(18).string(m.error);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.streamId = readString(r);
          break;
        case 18:
          m.error = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export const SocketForward = {
  name: "nerdbox.services.socketforward.v1.SocketForward",
  methods: {
    Bind: {
      name: "Bind",
      input: BindRequest,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
    Accept: {
      name: "Accept",
      input: ConnectResult,
      output: ConnectRequest,
      clientStreaming: true,
      serverStreaming: true,
    },
  },
} as const;
