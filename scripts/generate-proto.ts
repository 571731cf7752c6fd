/**
 * Generates the TypeScript of every .proto file (see generate-proto-target.ts).
 *
 *   node --import tsx scripts/generate-proto.ts           writes the modules, removes those that no .proto makes any more
 *   node --import tsx scripts/generate-proto.ts --check   writes nothing; exits 1 when a module is not current
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import pbjs from "protobufjs-cli/pbjs.js";
import { marker } from "./generate-proto-target.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
process.chdir(root);

const outputRoots = ["src/generated", "test/peers/ttrpc/generated"];
const handWritten = new Set(
  ["wire.ts", "wire-reader.ts", "wire-writer.ts", "wire.test.ts", "wire-values.test.ts"].map(
    (name) => `src/generated/${name}`,
  ),
);

function filesUnder(folder: string, extension: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map((entry) => relative(".", join(entry.parentPath, entry.name)))
    .sort();
}

function generate(): Promise<ReadonlyMap<string, string>> {
  const protos = [...filesUnder("proto", ".proto"), "test/peers/ttrpc/interop.proto"];
  const args = ["-t", "./scripts/generate-proto-target.cjs", "-p", "proto", "--alt-comment", ...protos];
  return new Promise((resolve, reject) => {
    pbjs.main(args, (error, output) => {
      if (error || output === undefined) {
        reject(error ?? new Error("pbjs gave no output"));
        return;
      }
      const modules = output.split(marker).slice(1);
      resolve(new Map(modules.map((text) => [text.slice(0, text.indexOf("\n")), text.slice(text.indexOf("\n") + 1)])));
    });
  });
}

function existing(folder: string): string[] {
  try {
    return filesUnder(folder, ".ts").filter((path) => !handWritten.has(path));
  } catch {
    return [];
  }
}

function current(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

const modules = await generate();
const stale = [...modules].filter(([path, text]) => current(path) !== text);
const orphans = outputRoots.flatMap(existing).filter((path) => !modules.has(path));
const say = (text: string): void => void process.stderr.write(`${text}\n`);

if (process.argv.includes("--check")) {
  for (const [path] of stale) say(`${path} is not what proto/ says; run: scripts/generate-proto`);
  for (const path of orphans) say(`${path} comes from no .proto file; remove it`);
  if (stale.length + orphans.length > 0) process.exitCode = 1;
} else {
  for (const [path, text] of stale) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    say(`wrote ${path}`);
  }
  for (const path of orphans) {
    rmSync(path);
    say(`removed ${path}`);
  }
}
