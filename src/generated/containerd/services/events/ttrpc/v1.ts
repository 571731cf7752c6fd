// Generated from proto/ (package containerd.services.events.ttrpc.v1) by scripts/generate-proto. Do not edit.

import { Envelope } from "../../../types.ts";
import { Empty } from "../../../../google/protobuf.ts";
import { type MessageType, endOf, finish, messageType } from "../../../../wire.ts";

export interface ForwardRequest {
  envelope?: Envelope | undefined;
}
export const ForwardRequest: MessageType<ForwardRequest> = messageType<ForwardRequest>(
  "containerd.services.events.ttrpc.v1.ForwardRequest",
  () => ({ envelope: undefined }),
  (m, w) => {
    if (m.envelope !== undefined) {
      w.uint32(10).fork();
      Envelope.write(m.envelope, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.envelope = Envelope.read(r, endOf(r, end), m.envelope ?? Envelope.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export const Events = {
  name: "containerd.services.events.ttrpc.v1.Events",
  methods: {
    Forward: {
      name: "Forward",
      input: ForwardRequest,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
  },
} as const;
