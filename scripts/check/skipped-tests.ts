import type { Source } from "./sources.ts";

const focused = /\b(?:it|test|describe|suite)\.only\(|\bonly:\s*true\b/;
const skipped = /\b(?:it|test|describe|suite)\.(?:skip|todo)\(|\b(?:skip|todo):\s*true\b|\.skip\(\s*\)/;

/**
 * Focused tests never stand; a skipped one says why in words (`{ skip: "needs ..." }`, `t.skip("needs ...")`), which the
 * runner prints, so the forms that take no reason are refused.
 */
export function checkSkippedTests(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => path.endsWith(".test.ts"))
    .flatMap(({ path, text }) =>
      text.split("\n").flatMap((line, index) => {
        if (line.includes("check-skips: text")) return [];
        if (focused.test(line)) return [`${path}:${index + 1}: focused test`];
        if (skipped.test(line)) return [`${path}:${index + 1}: skipped without a reason: { skip: "why" }`];
        return [];
      }),
    );
}
