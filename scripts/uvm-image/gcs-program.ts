import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const BUN = "node_modules/@oven/bun-linux-x64";
const ENTRY = "cmd/gcs/main.ts";
const BUNDLE = ["--format=esm", "--minify", "--target=bun", "--define", "globalThis.UVM_SHIM_FAILPOINTS=false"];

export function bunVersion(): string {
  return (JSON.parse(readFileSync(join(BUN, "package.json"), "utf8")) as { version: string }).version;
}

/** The guest's program without the runtime, in a tenth of a second. By a file: of what Bun writes to a pipe, the end may be missing. */
export function gcsBundle(): Buffer {
  const directory = mkdtempSync(join(tmpdir(), "gcs-bundle-"));
  try {
    const path = join(directory, "gcs.js");
    runBun([ENTRY, ...BUNDLE, "--outfile", path]);
    return readFileSync(path);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Changes when the guest program would. */
export function hashGcsSource(): string {
  return createHash("sha256").update(gcsBundle()).digest("hex");
}

/** The guest's program, one executable, in which what is imported late costs a start nothing. The bytecode names the output file: builds are the same if `path` ends the same. */
export function buildGcs(path: string): void {
  runBun([
    ...[ENTRY, "--compile", "--bytecode", "--splitting", ...BUNDLE],
    ...["--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig", "--outfile", path],
  ]);
}

function runBun(args: readonly string[]): void {
  execFileSync(join(BUN, "bin/bun"), ["build", ...args], {
    env: { ...process.env, BUN_INSTALL_CACHE_DIR: process.env.TMPDIR ?? "/tmp" },
    stdio: ["ignore", "ignore", "inherit"],
  });
}
