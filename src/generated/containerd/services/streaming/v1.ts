// Generated from proto/ (package containerd.services.streaming.v1) by scripts/generate-proto. Do not edit.

import { Any } from "../../../google/protobuf.ts";
import { type MessageType, finish, messageType, readString } from "../../../wire.ts";

export interface StreamInit {
  id: string;
}
export const StreamInit: MessageType<StreamInit> = messageType<StreamInit>(
  "containerd.services.streaming.v1.StreamInit",
  () => ({ id: "" }),
  (m, w) => {
    if (m.id !== "") w.uint32(10).string(m.id);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.id = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export const Streaming = {
  name: "containerd.services.streaming.v1.Streaming",
  methods: {
    Stream: {
      name: "Stream",
      input: Any,
      output: Any,
      clientStreaming: true,
      serverStreaming: true,
    },
  },
} as const;
