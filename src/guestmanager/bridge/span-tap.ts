import { messageName } from "../../prot/message-identifier.ts";
import { recordSpan } from "../../tracing/span.ts";
import type { BridgeTap } from "./tap.ts";

/** Records each request with its response as a span, and tells `other` as before. */
export function spanTap(other: BridgeTap): BridgeTap {
  return {
    active: true,
    message(message) {
      if (other.active) other.message(message);
      const { at, direction, ms, type, id, bytes } = message;
      if (direction === "to-guest" || ms === undefined) return;
      const duration = Math.round(ms * 1000);
      const start = Math.round(at.getTime() * 1000) - duration;
      recordSpan({ track: "bridge", name: messageName(type), start, duration, fields: { id: Number(id), bytes } });
    },
  };
}
