import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { recordSpans, type Span, TRACKS } from "./span.ts";
import { decodeSpan, encodeSpan } from "./span-text.ts";

/** What one pod's spans are called by: the files of its processes begin so. */
export interface TracedPod {
  readonly namespace: string;
  readonly pod: string;
}

const SUFFIX = ".spans";

/**
 * From now on the spans of this process go into a file of its own below `directory`, each written as it ends, so that what a
 * killed process did is there. A directory that can't be written to leaves the process without a trace, and at work.
 */
export function recordIntoFile(directory: string, { namespace, pod }: TracedPod): void {
  let fd: number;
  try {
    // Not with its parents: Node's mkdir never returns from a place like /proc.
    if (!existsSync(directory)) mkdirSync(directory, { mode: 0o700 });
    fd = openSync(join(directory, `${namespace}.${pod}.${process.pid}${SUFFIX}`), "a", 0o600);
  } catch {
    return;
  }
  recordSpans((span) => {
    try {
      writeSync(fd, `${encodeSpan(span)}\n`);
    } catch {
      // A full disk: the work goes on.
    }
  });
}

/** The spans of one pod that a directory holds, in the order of their begin. What is no span is passed over. */
export function readSpans(directory: string, { namespace, pod }: TracedPod): Span[] {
  const files = readdirSync(directory).filter(
    (name) => name.startsWith(`${namespace}.${pod}.`) && name.endsWith(SUFFIX),
  );
  return files
    .flatMap((name) => readFileSync(join(directory, name), "utf8").split("\n"))
    .map(decodeSpan)
    .filter((span) => span !== undefined)
    .sort((a, b) => a.start - b.start || TRACKS.indexOf(a.track) - TRACKS.indexOf(b.track));
}
