// Generated from proto/ (package containerd.v1.types) by scripts/generate-proto. Do not edit.

import { Any } from "../../google/protobuf.ts";
import { type MessageType, endOf, finish, messageType } from "../../wire.ts";

/** An open enum: numbers without a name pass through `decode` and `encode` unchanged. */
export const Status = {
  UNKNOWN: 0,
  CREATED: 1,
  RUNNING: 2,
  STOPPED: 3,
  PAUSED: 4,
  PAUSING: 5,
} as const;
export type Status = (typeof Status)[keyof typeof Status];

export interface ProcessInfo {
  pid: number;
  /** containerd.runc.v1.ProcessDetails for the processes of an exec. */
  info?: Any | undefined;
}
export const ProcessInfo: MessageType<ProcessInfo> = messageType<ProcessInfo>(
  "containerd.v1.types.ProcessInfo",
  () => ({ pid: 0, info: undefined }),
  (m, w) => {
    if (m.pid !== 0) w.uint32(8).uint32(m.pid);
    if (m.info !== undefined) {
      w.uint32(18).fork();
      Any.write(m.info, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.pid = r.uint32();
          break;
        case 18:
          m.info = Any.read(r, endOf(r, end), m.info ?? Any.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);
