import type { Source } from "./sources.ts";

/** A test file is one subject's list of cases, which reads well at greater length than code does. */
const limitOf = (path: string): number => (path.endsWith(".test.ts") ? 600 : 400);
const headLines = 30;

/** Lines of the files of a set: the median, and those over the limit whose head gives no reason ("Length: ..."). */
export function checkFileLength(sources: readonly Source[]): { median: number; problems: string[] } {
  const counted = sources.map(({ path, text }) => ({ path, text, lines: text.split("\n").length - 1 }));
  const problems = counted
    .filter(({ path, text, lines }) => lines > limitOf(path) && !givesReason(text))
    .map(
      ({ path, lines }) =>
        `${path}: ${lines} lines, over ${limitOf(path)}: split it, or say why in its head ("Length: ...")`,
    );
  const sorted = counted.map(({ lines }) => lines).sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)] ?? 0, problems };
}

function givesReason(text: string): boolean {
  return /\bLength: \S+/.test(text.split("\n").slice(0, headLines).join("\n"));
}
