import { readFileSync, writeSync } from "node:fs";
import { consoleLine, TRACE_ARGUMENT } from "../../src/tracing/console-spans.ts";
import { recordSpan, recordSpans } from "../../src/tracing/span.ts";
import { uptime } from "./first-process.ts";

/** The host asked for it, by an argument of the kernel. */
export function isTraced(commandLine = readFileSync("/proc/cmdline", "utf8")): boolean {
  return commandLine.split(/\s+/).includes(TRACE_ARGUMENT);
}

/** Tells our spans on the machine's console, from its first instruction on, in microseconds since the kernel began to count. */
export function recordOnConsole(): void {
  const begun = Math.round(uptime() * 1e6 - performance.now() * 1000);
  const clock = (): number => begun + Math.round(performance.now() * 1000);
  recordSpans((span) => void writeSync(2, consoleLine(span)), clock);
  recordSpan({ track: "kernel", name: "kernel and initramfs", start: 0, duration: Math.max(0, begun) });
  recordSpan({ track: "guest", name: "start of gcs", start: Math.max(0, begun), duration: clock() - begun });
}
