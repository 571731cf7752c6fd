// Generated from proto/ (package containerd.services.transfer.v1) by scripts/generate-proto. Do not edit.

import { Any, Empty } from "../../../google/protobuf.ts";
import { type MessageType, endOf, finish, messageType, readString } from "../../../wire.ts";

export interface TransferRequest {
  source?: Any | undefined;
  destination?: Any | undefined;
  options?: TransferOptions | undefined;
}
export const TransferRequest: MessageType<TransferRequest> = messageType<TransferRequest>(
  "containerd.services.transfer.v1.TransferRequest",
  () => ({ source: undefined, destination: undefined, options: undefined }),
  (m, w) => {
    if (m.source !== undefined) {
      w.uint32(10).fork();
      Any.write(m.source, w);
      w.ldelim();
    }
    if (m.destination !== undefined) {
      w.uint32(18).fork();
      Any.write(m.destination, w);
      w.ldelim();
    }
    if (m.options !== undefined) {
      w.uint32(26).fork();
      TransferOptions.write(m.options, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.source = Any.read(r, endOf(r, end), m.source ?? Any.create());
          break;
        case 18:
          m.destination = Any.read(r, endOf(r, end), m.destination ?? Any.create());
          break;
        case 26:
          m.options = TransferOptions.read(r, endOf(r, end), m.options ?? TransferOptions.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface TransferOptions {
  progressStream: string;
}
export const TransferOptions: MessageType<TransferOptions> = messageType<TransferOptions>(
  "containerd.services.transfer.v1.TransferOptions",
  () => ({ progressStream: "" }),
  (m, w) => {
    if (m.progressStream !== "") w.uint32(10).string(m.progressStream);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.progressStream = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export const Transfer = {
  name: "containerd.services.transfer.v1.Transfer",
  methods: {
    Transfer: {
      name: "Transfer",
      input: TransferRequest,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
  },
} as const;
