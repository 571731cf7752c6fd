// Generated from proto/ (package containerd.vminitd.services.system.v1) by scripts/generate-proto. Do not edit.

import { Empty } from "../../../../google/protobuf.ts";
import { type MessageType, finish, messageType, readString } from "../../../../wire.ts";

export interface InfoResponse {
  version: string;
  /** The text of /proc/version. */
  kernelVersion: string;
}
export const InfoResponse: MessageType<InfoResponse> = messageType<InfoResponse>(
  "containerd.vminitd.services.system.v1.InfoResponse",
  () => ({ version: "", kernelVersion: "" }),
  (m, w) => {
    if (m.version !== "") w.uint32(10).string(m.version);
    if (m.kernelVersion !== "") w.uint32(18).string(m.kernelVersion);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.version = readString(r);
          break;
        case 18:
          m.kernelVersion = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export const System = {
  name: "containerd.vminitd.services.system.v1.System",
  methods: {
    Info: {
      name: "Info",
      input: Empty,
      output: InfoResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
  },
} as const;
