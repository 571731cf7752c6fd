import { recordSpan, type Span } from "./span.ts";
import { decodeSpan, encodeSpan } from "./span-text.ts";

/** Of the kernel's arguments: the VM's first process tells its spans on the console. */
export const TRACE_ARGUMENT = "uvm.trace";

const MARK = "uvm-span ";

/** A guest's span as a line of its console. */
export function consoleLine(span: Span): string {
  return `${MARK}${encodeSpan({ ...span, fields: { ...span.fields, clock: "guest" } })}\n`;
}

/** Records the span that a line of a guest's console has, if any. Whatever it says: it is the guest's. */
export function recordConsoleLine(line: string): void {
  const at = line.indexOf(MARK);
  const span = at === -1 ? undefined : decodeSpan(line.slice(at + MARK.length));
  if (span === undefined || !["kernel", "guest", "runc"].includes(span.track)) return;
  recordSpan({ ...span, fields: { ...span.fields, clock: "guest" } });
}
