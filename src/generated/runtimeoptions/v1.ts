// Generated from proto/ (package runtimeoptions.v1) by scripts/generate-proto. Do not edit.

import { type MessageType, finish, messageType, noBytes, readString } from "../wire.ts";

export interface Options {
  typeUrl: string;
  configPath: string;
  /** TOML; set only where config_path is empty. */
  configBody: Uint8Array;
}
export const Options: MessageType<Options> = messageType<Options>(
  "runtimeoptions.v1.Options",
  () => ({ typeUrl: "", configPath: "", configBody: noBytes }),
  (m, w) => {
    if (m.typeUrl !== "") w.uint32(10).string(m.typeUrl);
    if (m.configPath !== "") w.uint32(18).string(m.configPath);
    if (m.configBody.length > 0) w.uint32(26).bytes(m.configBody);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.typeUrl = readString(r);
          break;
        case 18:
          m.configPath = readString(r);
          break;
        case 26:
          m.configBody = r.bytes();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);
