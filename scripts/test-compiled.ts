/**
 * The tests as JavaScript. With `--import tsx` each process starts a thread for the loader and reads every module through
 * it: more than half of what a file of unit tests takes, and there are hundreds.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { node, nodeArgv, type Runner } from "./test-runners.ts";

let output: string | undefined;

/** As `node`, and it tells of TypeScript's files and lines. Compiles for its first run. */
export const compiledNode: Runner = {
  ...node,
  argv: (files, report) => {
    output ??= compile();
    return nodeArgv(["--enable-source-maps"], files.map(compiled), report);
  },
  // A file that dies or hangs is named as it was given.
  failures: (report) =>
    node.failures(report.replaceAll(new RegExp(`${output}/([^\\s:']+)\\.js\\b`, "g"), `${process.cwd()}/$1.ts`)),
};

function compiled(file: string): string {
  return join(output ?? "", file.replace(/\.ts$/, ".js"));
}

/** Of this directory's TypeScript, for as long as this process lives. */
function compile(): string {
  const directory = mkdtempSync(join(tmpdir(), "uvm-shim-compiled-"));
  process.once("exit", () => rmSync(directory, { recursive: true }));
  const written = ["--noEmit", "false", "--rootDir", ".", "--outDir", directory, "--inlineSourceMap"];
  execFileSync("node_modules/.bin/tsc", ["-p", ".", "--noCheck", ...written, "--rewriteRelativeImportExtensions"]);
  symlinkSync(resolve("node_modules"), join(directory, "node_modules"));
  const manifest = readFileSync("package.json", "utf8").replaceAll(/(": "\.\/.*)\.ts"/g, '$1.js"');
  writeFileSync(join(directory, "package.json"), manifest);
  for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".js") || name.startsWith("node_modules")) continue;
    const file = join(directory, name);
    const source = resolve(name.replace(/\.js$/, ".ts"));
    const text = readFileSync(file, "utf8");
    // Of the TypeScript: beside it are the data, the programs and the sources that tests read and start.
    const here = { url: pathToFileURL(source).href, dirname: dirname(source), filename: source };
    const located = text.replaceAll(/\bimport\.meta\.(url|dirname|filename)\b/g, (_, of: keyof typeof here) =>
      JSON.stringify(here[of]),
    );
    if (located !== text) writeFileSync(file, located);
  }
  return directory;
}
