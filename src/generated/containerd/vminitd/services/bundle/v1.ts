// Generated from proto/ (package containerd.vminitd.services.bundle.v1) by scripts/generate-proto. Do not edit.

import { type MessageType, endOf, finish, messageType, noBytes, readString } from "../../../../wire.ts";

export interface CreateRequest {
  id: string;
  /** By the name of the file, which has no slash. */
  files: Map<string, Uint8Array>;
}
export const CreateRequest: MessageType<CreateRequest> = messageType<CreateRequest>(
  "containerd.vminitd.services.bundle.v1.CreateRequest",
  () => ({ id: "", files: new Map() }),
  (m, w) => {
    if (m.id !== "") w.uint32(10).string(m.id);
    for (const [key, value] of m.files) {
      w.uint32(18).fork();
      w.uint32(10).string(key);
      w.uint32(18).bytes(value);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.id = readString(r);
          break;
        case 18: {
          const last = endOf(r, end);
          let key: string = "";
          let value: Uint8Array = noBytes;
          while (r.pos < last) {
            const inner = r.tag();
            if (inner === 10) key = readString(r);
            else if (inner === 18) value = r.bytes();
            else r.skip(inner);
          }
          finish(r, last, m.files.set(key, value));
          break;
        }
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface CreateResponse {
  /** Path in the guest. */
  bundle: string;
}
export const CreateResponse: MessageType<CreateResponse> = messageType<CreateResponse>(
  "containerd.vminitd.services.bundle.v1.CreateResponse",
  () => ({ bundle: "" }),
  (m, w) => {
    if (m.bundle !== "") w.uint32(10).string(m.bundle);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.bundle = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export const Bundle = {
  name: "containerd.vminitd.services.bundle.v1.Bundle",
  methods: {
    Create: {
      name: "Create",
      input: CreateRequest,
      output: CreateResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
  },
} as const;
