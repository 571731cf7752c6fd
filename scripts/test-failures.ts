import { relative } from "node:path";

/** What failed and why, out of a runner's report: a log of thousands of lines hides it. */
export interface Failure {
  readonly test: string;
  /** Empty where the report has none. */
  readonly reason: string;
}

const MOST_LINES = 12;

/** Of Node's TAP report. A test that failed because tests in it did is left out. */
export function tapFailures(report: string): Failure[] {
  const lines = report.split("\n");
  return lines.flatMap((line, index) => {
    const match = /^(\s*)not ok \d+ - (.*)$/.exec(line);
    if (match === null) return [];
    const [, indent = "", test = ""] = match;
    const end = lines.indexOf(`${indent}  ...`, index);
    const block = lines.slice(index + 1, end < 0 ? index + 1 + MOST_LINES : end);
    if (block.some((each) => each.trim() === "failureType: 'subtestsFailed'")) return [];
    const name = test.replaceAll("\\#", "#");
    const file = /^\s*location: '(.*?):\d+:\d+'$/m.exec(block.join("\n"))?.[1];
    return [{ test: file === undefined ? name : `${relative(".", file)}: ${name}`, reason: reasonIn(block) }];
  });
}

/** `error: 'text'` or, of several lines, `error: |-` with the text indented below it. */
function reasonIn(block: readonly string[]): string {
  const at = block.findIndex((line) => /^\s*error: /.test(line));
  const first = block[at]?.replace(/^\s*error: /, "") ?? "";
  if (!first.startsWith("|")) return first.replace(/^(['"])(.*)\1$/, "$2");
  const depth = /^\s*/.exec(block[at] ?? "")?.[0].length ?? 0;
  const rest = block.slice(at + 1);
  const stop = rest.findIndex((line) => line.trim() !== "" && (/^\s*/.exec(line)?.[0].length ?? 0) <= depth);
  return rest
    .slice(0, stop < 0 ? MOST_LINES : Math.min(stop, MOST_LINES))
    .map((line) => line.trim())
    .join("\n");
}

/** Of Bun's JUnit report, which tells little of the reason. */
export function junitFailures(report: string): Failure[] {
  return report.split("<testcase ").flatMap((part, index) => {
    const failure = /<failure\b([^>]*)>/.exec(part);
    if (index === 0 || failure === null) return [];
    const name = /\bname="([^"]*)"/.exec(part)?.[1] ?? "";
    const file = /\bfile="([^"]*)"/.exec(part)?.[1];
    const reason = /\bmessage="([^"]*)"/.exec(failure[1] ?? "")?.[1] ?? "";
    return [{ test: unescaped(file === undefined ? name : `${file}: ${name}`), reason: unescaped(reason) }];
  });
}

function unescaped(text: string): string {
  const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replaceAll(/&(lt|gt|quot|apos|amp);/g, (whole, name: string) => entities[name] ?? whole);
}
