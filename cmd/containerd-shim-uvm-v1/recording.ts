import { spanTap } from "../../src/guestmanager/bridge/span-tap.ts";
import type { BridgeTap } from "../../src/guestmanager/bridge/tap.ts";
import { recordConsoleLine } from "../../src/tracing/console-spans.ts";
import { isRecording } from "../../src/tracing/span.ts";
import type { VmConsole } from "../../src/vmmanager/console.ts";

/** What listens in on a bridge: while a trace is recorded, that as well. */
export function bridgeTap(listener: BridgeTap): BridgeTap {
  return isRecording() ? spanTap(listener) : listener;
}

/** Has what the guest's console tells of its boot recorded, where a trace is. */
export function recordConsole(console: VmConsole | undefined): void {
  if (isRecording()) console?.follow(1, recordConsoleLine);
}
