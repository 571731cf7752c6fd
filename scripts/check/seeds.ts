import { readFileSync } from "node:fs";
import { join } from "node:path";
import { blankComments } from "./sources.ts";

/** docs/seeds.md: each name of the seeds has a row, and what the rows name is there. */
export function checkSeeds(root: string): string[] {
  const read = (path: string): string | undefined => {
    try {
      return readFileSync(join(root, path), "utf8");
    } catch {
      return undefined;
    }
  };
  const [page, names] = [read("docs/seeds.md"), read("test/seeds/names.txt")];
  if (page === undefined || names === undefined) return ["docs/seeds.md or test/seeds/names.txt is not there"];
  return seedProblems(page, names, read);
}

interface Row {
  readonly name: string;
  readonly here: string;
  readonly test: string;
  readonly line: number;
}

export function seedProblems(page: string, names: string, read: (path: string) => string | undefined): string[] {
  const { tables, listed } = readPage(page);
  const problems: string[] = [];
  const wanted = readNames(names);
  for (const [seed, rows] of tables) {
    const known = wanted.get(seed);
    if (known === undefined) problems.push(`docs/seeds.md: no seed is named ${seed}`);
    const seen = new Set<string>();
    for (const row of rows) {
      const at = `docs/seeds.md:${row.line}: ${row.name}`;
      if (known?.has(row.name) === false) problems.push(`${at} is no name of ${seed}`);
      if (seen.has(row.name)) problems.push(`${at} has a row before`);
      seen.add(row.name);
      const isListed = listed.has(`${seed}: ${row.name}`);
      if (row.here.startsWith("open:")) {
        if (!isListed) problems.push(`${at} is open, which it may not be`);
        if (!/^open: .+, issue \d+$/.test(row.here)) problems.push(`${at} is open: say why, and of which issue it is`);
      } else {
        if (isListed) problems.push(`${at} is listed as open, and is not`);
        problems.push(...rowProblems(row, read).map((what) => `${at}: ${what}`));
      }
    }
  }
  for (const [seed, known] of wanted) {
    const rows = new Set(tables.get(seed)?.map(({ name }) => name));
    for (const name of known) if (!rows.has(name)) problems.push(`docs/seeds.md: ${name} of ${seed} has no row`);
  }
  for (const each of listed) {
    const [seed = "", name = ""] = each.split(": ");
    if (wanted.get(seed)?.has(name) !== true) problems.push(`docs/seeds.md: ${each} is listed as open, and is no name`);
  }
  return problems;
}

function readNames(text: string): Map<string, Set<string>> {
  const seeds = new Map<string, Set<string>>();
  let names = new Set<string>();
  for (const line of text.split("\n")) {
    if (line.startsWith("# ")) {
      names = new Set();
      seeds.set(line.slice(2), names);
    } else if (/^\w/.test(line)) names.add(line);
  }
  return seeds;
}

/** Tables below a heading with the seed's name; what may be open is listed as "- seed: `name`, `name`" before them. */
function readPage(page: string): { tables: Map<string, Row[]>; listed: Set<string> } {
  const tables = new Map<string, Row[]>();
  const listed = new Set<string>();
  let rows: Row[] | undefined;
  for (const [index, line] of page.split("\n").entries()) {
    const list = /^- ([^:`]+): (`.*)$/.exec(line);
    if (line.startsWith("## ")) {
      rows = [];
      tables.set(line.slice(3), rows);
    } else if (rows === undefined && list !== null) {
      for (const [, name] of (list[2] ?? "").matchAll(/`([^`]+)`/g)) listed.add(`${list[1]}: ${name}`);
    } else if (/^\| `/.test(line)) {
      const [, name = "", here = "", test = ""] = line
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replaceAll("\\|", "|"));
      rows?.push({ name: name.slice(1, -1), here, test, line: index + 1 });
    }
  }
  return { tables, listed };
}

function rowProblems({ here, test }: Row, read: (path: string) => string | undefined): string[] {
  const problems: string[] = [];
  const places = [...here.matchAll(/`([^`#]+)#([^`]+)`/g)];
  if (places.length === 0) problems.push("says no place: `file#symbol`");
  for (const [, path = "", symbol = ""] of places) {
    const text = read(path);
    if (text === undefined) problems.push(`${path} is not there`);
    else if (!declares(text, symbol)) problems.push(`${path} has no ${symbol}`);
  }
  const [, path = "", title = ""] = /^`([^`]+)`: (.+)$/.exec(test) ?? [];
  const text = path.endsWith(".test.ts") || path.startsWith("test/") ? read(path) : undefined;
  if (path === "") problems.push("says no test: `file`: title");
  else if (text === undefined) problems.push(`${path} is no file of tests`);
  else if (![`"${title}"`, `\`${title}\``].some((quoted) => text.includes(quoted))) {
    problems.push(`${path} has no test "${title}"`);
  }
  return problems;
}

/** `name` is exported there; each part of `name.member.member` stands in its declaration. */
function declares(text: string, symbol: string): boolean {
  const [name = "", ...members] = symbol.split(".");
  const code = blankComments(text);
  const start = new RegExp(
    `^export (?:abstract |async )*(?:const|function\\*?|class|interface|type) ${name}(?![\\w$])`,
    "m",
  ).exec(code);
  if (start === null) return false;
  const rest = code.slice(start.index + start[0].length);
  const end = /\n(?=(?:export|const|let|async|abstract|function|class|interface|type)\b)/.exec(rest);
  const body = rest.slice(0, end?.index);
  return members.every((member) => new RegExp(`(?<![\\w$-])${member}(?![\\w$-])`).test(body));
}
