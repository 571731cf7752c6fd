// Generated from proto/ (package nerdbox.services.vmevents.v1) by scripts/generate-proto. Do not edit.

import { Envelope } from "../../../containerd/types.ts";
import { Empty } from "../../../google/protobuf.ts";

export const Events = {
  name: "nerdbox.services.vmevents.v1.Events",
  methods: {
    Stream: {
      name: "Stream",
      input: Empty,
      output: Envelope,
      clientStreaming: false,
      serverStreaming: true,
    },
  },
} as const;
