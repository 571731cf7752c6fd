// Generated from proto/ (package google.rpc) by scripts/generate-proto. Do not edit.

import { Any } from "./protobuf.ts";
import { type MessageType, endOf, finish, messageType, readString } from "../wire.ts";

export interface Status {
  code: number;
  message: string;
  details: Any[];
}
export const Status: MessageType<Status> = messageType<Status>(
  "google.rpc.Status",
  () => ({ code: 0, message: "", details: [] }),
  (m, w) => {
    if (m.code !== 0) w.uint32(8).int32(m.code);
    if (m.message !== "") w.uint32(18).string(m.message);
    for (const value of m.details) {
      w.uint32(26).fork();
      Any.write(value, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.code = r.int32();
          break;
        case 18:
          m.message = readString(r);
          break;
        case 26:
          m.details.push(Any.read(r, endOf(r, end), Any.create()));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);
