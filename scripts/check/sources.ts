import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";

/** A source file of ours, its path from the project's root with forward slashes. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

export interface Import {
  /** As written: `./frame.ts`, `node:fs`, `pino`, `#runtime`. */
  readonly specifier: string;
  /** The file of ours that it names, from the root; undefined for packages and built-in modules. */
  readonly target: string | undefined;
  readonly line: number;
  /** `import type`, `export type`: nothing is loaded. */
  readonly typeOnly: boolean;
  /** Evaluated at load time; false for `import()`. */
  readonly isStatic: boolean;
}

const roots = ["cmd", "src", "scripts", "test"];
const statement = /^(?:import|export)\s+(type\s)?(?:[^;"'`()]*?\bfrom\s+)?"([^"]+)"/gm;
const call = /(?<![.\w])import\(\s*"([^"]+)"/g;

/** Every TypeScript file of the project under `root`, generated ones left out. */
export function readSources(root: string): Source[] {
  const paths: string[] = [];
  for (const directory of roots) collect(join(root, directory), paths);
  const seams = readSeams(root);
  return paths.sort().map((file) => {
    const path = relative(root, file).replaceAll("\\", "/");
    return sourceOf(path, readFileSync(file, "utf8"), seams);
  });
}

/** package.json "imports": a name, maybe with a `*`, and the files of ours that it can mean, one for each runtime. */
export type Seams = Readonly<Record<string, Readonly<Record<string, string>>>>;

export function readSeams(root: string): Seams {
  return (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { imports?: Seams }).imports ?? {};
}

function collect(directory: string, into: string[]): void {
  let entries: import("node:fs").Dirent[];
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch {
    return;
  }
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && entry.name !== "node_modules" && entry.name !== "generated") collect(path, into);
    else if (entry.isFile() && entry.name.endsWith(".ts")) into.push(path);
  }
}

export function sourceOf(path: string, text: string, seams: Seams): Source {
  return { path, text, imports: scanImports(path, text, seams) };
}

/**
 * The imports of one file. A scanner and not a parser: the compiler (TypeScript 7) has no JavaScript API that
 * dependency-cruiser could use, bundlers drop `import type`, and Biome's formatter leaves one shape of the statement.
 */
export function scanImports(path: string, text: string, seams: Seams): Import[] {
  const code = blankComments(text);
  const found: Import[] = [];
  const add = (specifier: string, index: number, typeOnly: boolean, isStatic: boolean): void => {
    const line = code.slice(0, index).split("\n").length;
    for (const target of resolve(path, specifier, seams)) found.push({ specifier, target, line, typeOnly, isStatic });
  };
  for (const match of code.matchAll(statement)) add(match[2] ?? "", match.index, match[1] !== undefined, true);
  for (const match of code.matchAll(call)) add(match[1] ?? "", match.index, false, false);
  return found;
}

function resolve(from: string, specifier: string, seams: Seams): (string | undefined)[] {
  if (specifier.startsWith(".")) return [posix.normalize(posix.join(dirname(from), specifier))];
  for (const [name, seam] of Object.entries(seams)) {
    const [before = "", after] = name.split("*");
    const matches =
      after === undefined ? specifier === name : specifier.startsWith(before) && specifier.endsWith(after);
    const middle = after === undefined ? "" : specifier.slice(before.length, specifier.length - after.length);
    if (matches) return Object.values(seam).map((path) => posix.normalize(path.replace("*", middle)));
  }
  return [undefined];
}

/** Comments become spaces, so that positions stay; strings are kept, they hold the specifiers. */
export function blankComments(text: string): string {
  const token = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  return text.replace(token, (found) => (found.startsWith("/") ? found.replace(/[^\n]/g, " ") : found));
}
