import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { checkSeeds, seedProblems } from "./seeds.ts";

const names = "// Names.\n\n# p v1\nF\nT\nT.M\n\n# r v1\nN\n";
const files: Readonly<Record<string, string>> = {
  "src/a.ts": [
    "// export function old(): void {}",
    "export function f(): void {}",
    "export const t = record({",
    '  m: field("M", text),',
    "  // gone: nothing",
    "});",
    "function hidden(): void {}",
    "export type U = typeof t;",
  ].join("\n"),
  "src/a.test.ts": 'it("does it", () => {});\n  for (const x of []) it(`does $' + "{x}`, () => {});\n",
  "src/plain.ts": 'export const text = "does it";\n',
};

const table = (rows: readonly string[], seed = "p v1") =>
  [`## ${seed}`, "", "| name | here | test |", "| --- | --- | --- |", ...rows].join("\n");
const f = "| `F` | `src/a.ts#f` | `src/a.test.ts`: does it |";
const t = `| \`T\` | a note: \`src/a.ts#t\`, \`src/a.ts#U\` | \`src/a.test.ts\`: does \${x} |`;
const m = "| `T.M` | `src/a.ts#t.m` | `src/a.test.ts`: does it |";
const n = "| `N` | `src/a.ts#f` | `src/a.test.ts`: does it |";
const page = (rows: readonly string[], head = "# Names\n") => [head, table(rows), table([n], "r v1")].join("\n");

function problems(text: string): string[] {
  return seedProblems(text, names, (path) => files[path]);
}

describe("the page of the seeds' names", () => {
  it("is right as it is", () => assert.deepEqual(checkSeeds(fileURLToPath(new URL("../..", import.meta.url))), []));

  it("may name functions, members and titles with something put in", () =>
    assert.deepEqual(problems(page([f, t, m])), []));

  it("may have open what is listed before the tables", () => {
    const open = "| `T.M` | open: not built, issue 5 | |";
    assert.deepEqual(problems(page([f, t, open], "# Names\n\n- p v1: `T.M`\n")), []);
  });

  const wrong: readonly [what: string, page: string, problem: RegExp][] = [
    ["a name without a row", page([f, m]), /T of p v1 has no row/],
    ["a seed without a table", table([f, t, m]), /N of r v1 has no row/],
    ["a row of another name", page([f, t, m, m.replace("T.M", "T.X")]), /T\.X is no name of p v1/],
    ["two rows of a name", page([f, t, m, m]), /T\.M has a row before/],
    ["a table of another seed", `${page([f, t, m])}\n${table([], "q v2")}`, /no seed is named q v2/],
    ["a file that is not there", page([f.replace("src/a.ts", "src/b.ts"), t, m]), /F: src\/b\.ts is not there/],
    ["a symbol that is not there", page([f.replace("#f", "#g"), t, m]), /F: src\/a\.ts has no g/],
    ["a symbol that is not exported", page([f.replace("#f", "#hidden"), t, m]), /F: src\/a\.ts has no hidden/],
    ["a symbol of a comment", page([f.replace("#f", "#old"), t, m]), /F: src\/a\.ts has no old/],
    ["a member that is not there", page([f, t, m.replace("#t.m", "#t.x")]), /T\.M: src\/a\.ts has no t\.x/],
    ["a member of a comment", page([f, t, m.replace("#t.m", "#t.gone")]), /T\.M: src\/a\.ts has no t\.gone/],
    ["a member of another declaration", page([f, t, m.replace("#t.m", "#t.hidden")]), /has no t\.hidden/],
    ["the second of two places", page([f, t.replace("#U", "#V"), m]), /T: src\/a\.ts has no V/],
    ["no place", page([f.replace("`src/a.ts#f`", "here"), t, m]), /F: says no place/],
    ["no test", page(["| `F` | `src/a.ts#f` | |", t, m]), /F: says no test/],
    ["a test file that is not there", page([f.replace("a.test", "b.test"), t, m]), /b\.test\.ts is no file of tests/],
    ["a test in a file of none", page([f.replace("a.test", "plain"), t, m]), /src\/plain\.ts is no file of tests/],
    ["a title that is not there", page([f.replace("does it", "does"), t, m]), /has no test "does"/],
    ["an open row", page([f, t, "| `T.M` | open: not built, issue 5 | |"]), /T\.M is open, which it may not be/],
    ["an open row without a reason", page([f, t, "| `T.M` | open: | |"], "# Names\n\n- p v1: `T.M`\n"), /say why/],
    ["a listed name that is not open", page([f, t, m], "- p v1: `T.M`\n"), /T\.M is listed as open, and is not/],
    ["a listed name that is none", page([f, t, m], "- p v1: `T.X`\n"), /p v1: T\.X is listed as open, and is no name/],
  ];
  for (const [what, text, problem] of wrong) {
    it(`is wrong with ${what}`, () => {
      const found = problems(text);
      assert.ok(
        found.some((each) => problem.test(each)),
        found.join("\n"),
      );
    });
  }
});
