import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { checks } from "./checks.ts";
import { readSeams, readSources, type Source, sourceOf } from "./sources.ts";

type Files = Readonly<Record<string, string>>;

const root = fileURLToPath(new URL("../..", import.meta.url));
const project = readSources(root);
const seams = readSeams(root);
const directories: string[] = [];

/** The project's sources with these texts in them: more files or, where they stand already, appended. */
function plant(files: Files): Source[] {
  const found = (path: string): string => project.find((source) => source.path === path)?.text ?? "";
  const planted = Object.entries(files).map(([path, text]) => sourceOf(path, found(path) + text, seams));
  return [...project.filter(({ path }) => files[path] === undefined), ...planted];
}

/** A project of these files alone. */
function write(files: Files): string {
  const directory = mkdtempSync(join(tmpdir(), "uvm-shim-planted-"));
  directories.push(directory);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  return directory;
}

/** The problems that `make check` would print. */
function check(name: string, sources: readonly Source[], directory = root): string {
  return checks[name]?.(sources, directory).join("\n") ?? `no check ${name}`;
}

describe("the project's own checks, on planted violations", () => {
  after(() => {
    for (const directory of directories) rmSync(directory, { recursive: true });
  });

  for (const name of ["layers", "cycles", "start-path", "skipped-tests", "packages"]) {
    it(`accept the project as it is: ${name}`, () => {
      assert.equal(check(name, plant({ "src/errors/nothing.ts": "export const nothing = 0;\n" })), "");
    });
  }

  it("are run by a command that prints what they find, and fails with it", () => {
    const directory = write({ "package.json": "{}", "src/errors/planted.ts": 'import "../oci/spec.ts";\n' });
    const run = (name: string): unknown[] => {
      const argv = ["--import", "tsx", "scripts/check/main.ts", "--root", directory, name];
      const { status, stdout, stderr } = spawnSync("node", argv, { cwd: root, encoding: "utf8" });
      return [status, stdout.replace(/:1: .*/, ":1: it"), stderr];
    };
    assert.deepEqual(run("cycles"), [0, "ok   cycles\n", ""]);
    assert.deepEqual(run("layers"), [1, "FAIL layers\n     src/errors/planted.ts:1: it\n", ""]);
  });

  const forbidden: readonly [rule: string, path: string, text: string, message: RegExp][] = [
    [
      "a floor that imports from above",
      "src/transport/planted.ts",
      'import { x } from "../orchestration/tasks.ts";\n',
      /src\/transport\/planted\.ts:1: imports src\/orchestration\/tasks\.ts: src\/orchestration stands above src\/transport/,
    ],
    [
      "a type imported from above",
      "src/errors/planted.ts",
      'import type {\n  ByteStream,\n} from "../sys/byte-stream.ts";\n',
      /src\/errors\/planted\.ts:1: imports src\/sys\/byte-stream\.ts: src\/sys stands above src\/errors/,
    ],
    [
      "a lazy import from above",
      "src/ttrpc/planted.ts",
      'export const load = () => import("../service/task.ts");\n',
      /src\/ttrpc\/planted\.ts:1: .* stands above src\/ttrpc/,
    ],
    [
      "guestmanager and gcs knowing each other",
      "src/guestmanager/planted.ts",
      'export { x } from "../gcs/host.ts";\n',
      /src\/gcs and src\/guestmanager stand on one floor/,
    ],
    [
      "orchestration naming a stack",
      "src/orchestration/planted.ts",
      'import { x } from "../vmmanager/stacks/local/stack.ts";\n',
      /only cmd\/ names a virtualization stack/,
    ],
    [
      "the library of VMs naming another stack than QEMU",
      "src/vm/planted.ts",
      'import { x } from "../vmmanager/stacks/local/stack.ts";\n',
      /only cmd\/ names a virtualization stack/,
    ],
    ["a runtime named outside src/sys", "src/stdio/planted.ts", 'import { dlopen } from "bun:ffi";\n', /only src\/sys/],
    [
      "a program that loads another with itself",
      "cmd/gcs/planted.ts",
      'import { uvmctl } from "../uvmctl/program.ts";\n',
      /programs do not import each other/,
    ],
    [
      "a program that loads a part of another",
      "cmd/gcs/planted.ts",
      'export const load = () => import("../uvmctl/targets.ts");\n',
      /programs do not import each other/,
    ],
    ["the product importing a test", "src/prot/planted.ts", 'import "../../test/harness/x.ts";\n', /does not depend/],
    ["a folder without a floor", "src/misc/planted.ts", 'import "../errors/shim-error.ts";\n', /stands on no floor/],
  ];
  for (const [rule, path, text, message] of forbidden) {
    it(`refuse ${rule}`, () => assert.match(check("layers", plant({ [path]: text })), message));
  }

  it("refuse an import cycle", () => {
    const one = 'import "./two.ts";\n';
    const two = 'import type { x } from "./one.ts";\n';
    assert.match(
      check("cycles", plant({ "src/errors/one.ts": one, "src/errors/two.ts": two })),
      /import cycle: src\/errors\/one\.ts -> src\/errors\/two\.ts -> src\/errors\/one\.ts/,
    );
  });

  it("refuse a heavy module on the way to the first RPC", () => {
    const main = '\nimport "../../src/errors/planted.ts";\n';
    const planted = 'import { pino } from "pino";\n';
    assert.match(
      check("start-path", plant({ "cmd/containerd-shim-uvm-v1/main.ts": main, "src/errors/planted.ts": planted })),
      /start-up loads pino: cmd\/containerd-shim-uvm-v1\/main\.ts -> src\/errors\/planted\.ts/,
    );
  });

  it("refuse a long file without a reason, and take one with it", () => {
    const long = "export const x = 0;\n".repeat(401);
    assert.match(check("file-length", plant({ "src/errors/long.ts": long })), /src\/errors\/long\.ts: 401 lines/);
    assert.equal(check("file-length", plant({ "src/errors/long.ts": `// Length: one table.\n${long}` })), "");
  });

  it("refuse a focused and an unexplained skipped test", () => {
    const tests = 'it.only("x", () => {});\nit.skip("y", () => {});\nit("z", { skip: "needs KVM" }, () => {});\n'; // check-skips: text
    const found = check("skipped-tests", plant({ "src/errors/planted.test.ts": tests }));
    assert.match(found, /planted\.test\.ts:1: focused/);
    assert.match(found, /planted\.test\.ts:2: skipped without a reason/);
    assert.doesNotMatch(found, /planted\.test\.ts:3/);
  });

  it("refuse a link that leads nowhere", () => {
    const page = "See [this](there.md#part), [that](https://x.org/y).";
    assert.equal(
      check("links", [], write({ "docs/page.md": page })),
      "docs/page.md: links to there.md, which is not there",
    );
  });

  it("refuse a version range", () => {
    const manifest = JSON.stringify({ dependencies: { pino: "^10.0.0" } });
    const lock = readFileSync(join(root, "package-lock.json"), "utf8");
    const directory = write({ "package.json": manifest, "package-lock.json": lock });
    assert.match(check("packages", [], directory), /pino \^10\.0\.0 is not an exact version/);
  });
});
