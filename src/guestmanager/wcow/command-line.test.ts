import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { escapeArgs } from "./command-line.ts";

/** What CommandLineToArgvW makes of a command line whose program is not quoted oddly (its documentation's rules). */
function split(line: string): string[] {
  const args: string[] = [];
  let [argument, quoted, started] = ["", false, false];
  for (let i = 0; i < line.length; ) {
    const slashes = /^\\*/.exec(line.slice(i))?.[0].length ?? 0;
    if (slashes > 0) {
      const quote = line[i + slashes] === '"';
      argument += "\\".repeat(quote ? Math.floor(slashes / 2) : slashes);
      started = true;
      i += slashes;
      if (quote && slashes % 2 === 1) {
        argument += '"';
        i++;
      }
    } else if (line[i] === '"') {
      [quoted, started] = [!quoted, true];
      i++;
    } else if (/[ \t]/.test(line[i] ?? "") && !quoted) {
      if (started) args.push(argument);
      [argument, started] = ["", false];
      i++;
    } else {
      argument += line[i++];
      started = true;
    }
  }
  if (started) args.push(argument);
  return args;
}

describe("a command line for Windows", () => {
  const cases: readonly [line: string, args: readonly string[]][] = [
    ["", []],
    ['""', [""]],
    ["a b", ["a", "b"]],
    ['"a b"', ["a b"]],
    ['"a\tb"', ["a\tb"]],
    ['\\"', ['"']],
    ["C:\\a\\", ["C:\\a\\"]],
    ['"C:\\a b\\\\"', ["C:\\a b\\"]],
    ['a\\\\\\"b', ['a\\"b']],
    ['"say \\"hi\\""', ['say "hi"']],
    ["\\\\host\\share", ["\\\\host\\share"]],
  ];
  for (const [line, args] of cases)
    it(`${JSON.stringify(args)} is ${line}`, () => assert.equal(escapeArgs(args), line));

  it("gives back the same words, whatever is in them", () => {
    const letters = ["a", " ", "\\", '"', "\t"];
    let word = [""];
    for (let length = 0; length < 5; length++)
      word = word.flatMap((start) => ["", ...letters].map((end) => start + end));
    for (const each of new Set(word)) assert.deepEqual(split(escapeArgs(["x", each, "y"])), ["x", each, "y"]);
  });
});
