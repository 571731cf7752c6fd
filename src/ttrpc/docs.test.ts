import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runtime } from "#runtime";

/** Runs the programs of docs/ttrpc.md and compares what they print with what the page says. */
const repository = join(dirname(fileURLToPath(import.meta.url)), "../..");
const page = readFileSync(join(repository, "docs/ttrpc.md"), "utf8");

interface Program {
  readonly name: string;
  readonly code: string;
  readonly output: string;
}

const programs: readonly Program[] = [...page.matchAll(/```ts (\S+)\n(.*?)```\n\n```text\n(.*?)```/gs)].map(
  ([, name = "", code = "", output = ""]) => ({ name, code, output }),
);

describe(`docs/ttrpc.md (${runtime.name})`, () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "uvm-docs-"));
    for (const { name, code } of programs) {
      const imports = code.replaceAll(
        /"\.\.\/(\S+)"/g,
        (_, path: string) => `"${pathToFileURL(join(repository, path))}"`,
      );
      writeFileSync(join(folder, name.replace(".ts", ".mts")), imports);
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  function start(name: string, socket = name): { child: ChildProcess; output: Promise<string> } {
    const loader =
      runtime.name === "node"
        ? ["--import", pathToFileURL(join(repository, "node_modules/tsx/dist/loader.mjs")).href]
        : [];
    const args = [...loader, join(folder, name.replace(".ts", ".mts")), join(folder, `${socket}.sock`)];
    const child = spawn(process.execPath, args, { cwd: repository, stdio: ["ignore", "pipe", "pipe"] });
    const output = new Promise<string>((resolve, reject) => {
      let [stdout, stderr] = ["", ""];
      child.stdout?.on("data", (chunk: Buffer) => {
        stdout += chunk.toString();
        child.emit("printed", stdout);
      });
      child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
      child.on("error", reject);
      child.on("close", (code) =>
        code === 0 ? resolve(stdout) : reject(new Error(`${name} exited ${code}: ${stderr}`)),
      );
    });
    return { child, output };
  }

  const expected = (name: string): string => {
    const program = programs.find((candidate) => candidate.name === name);
    assert.ok(program, `the page has no ${name} with its output below it`);
    return program.output;
  };

  it("every program has its output, and every block is a program", () => {
    assert.equal(page.match(/```ts/g)?.length, programs.length);
    assert.deepEqual(
      programs.map(({ name }) => name),
      ["server.ts", "client.ts", "streaming.ts", "deadlines.ts", "errors.ts", "interceptors.ts"],
    );
  });

  it("quick start: server and client", async () => {
    const server = start("server.ts");
    await new Promise((resolve, reject) => {
      server.child.once("printed", resolve);
      server.output.catch(reject);
    });
    assert.equal(await start("client.ts", "server.ts").output, expected("client.ts"));
    server.child.kill("SIGTERM");
    assert.equal(await server.output, expected("server.ts"));
  });

  for (const name of ["streaming.ts", "deadlines.ts", "errors.ts", "interceptors.ts"]) {
    it(name, async () => {
      // Node prints strings in arrays with single quotes, Bun with double ones.
      assert.equal((await start(name).output).replaceAll("'", '"'), expected(name));
    });
  }
});
