/** The example of docs/vm-library.md, as a program of somebody else: outside this source tree, with the package installed. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { after, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { notBootable } from "../qemu/uvm.ts";
import { remains, VmBase } from "./vm.ts";

describe("docs/vm-library.md", { skip: notBootable() ?? false, timeout: 1_800_000 }, () => {
  const base = new VmBase();
  after(() => base.remove());

  it("the example of the library's page runs outside this source tree, and leaves nothing", async () => {
    const page = readFileSync("docs/vm-library.md", "utf8");
    const [, code, expected] = /```ts example\.mts\n(.*?)```\n\n```text\n(.*?)```/s.exec(page) ?? [];
    assert.ok(code !== undefined && expected !== undefined);
    const project = base.make("project");
    mkdirSync(`${project}/node_modules`);
    symlinkSync(process.cwd(), `${project}/node_modules/uvm-shim`);
    writeFileSync(`${project}/example.mts`, code);
    const state = base.state();
    const files = base.make("files");
    writeFileSync(`${files}/hello`, "hello, guest\n");
    const loader = pathToFileURL(resolve("node_modules/tsx/dist/loader.mjs")).href;
    const program = spawn(process.execPath, ["--import", loader, "example.mts", resolve("out/uvm"), state, files], {
      cwd: project,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said = { stdout: "", stderr: "" };
    program.stdout.on("data", (chunk) => (said.stdout += chunk));
    program.stderr.on("data", (chunk) => (said.stderr += chunk));
    const status = await new Promise((done, fail) => program.on("error", fail).on("close", done));
    assert.deepEqual({ status, ...said }, { status: 0, stdout: expected, stderr: "" });
    assert.deepEqual(remains(state), []);
  });
});
