import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const copies: string[] = [];

/** A copy of the project's sources, with `path` added or, where it stands already, appended to. */
function plant(path: string, text: string): string {
  const copy = mkdtempSync(join(tmpdir(), "uvm-shim-planted-"));
  copies.push(copy);
  for (const part of ["cmd", "src", "package.json", "package-lock.json"]) {
    if (existsSync(join(root, part))) cpSync(join(root, part), join(copy, part), { recursive: true });
  }
  mkdirSync(dirname(join(copy, path)), { recursive: true });
  appendFileSync(join(copy, path), text);
  return copy;
}

/** What `make check` runs, on another directory. */
function check(directory: string, name: string): { status: number | null; output: string } {
  const argv = ["--import", "tsx", "scripts/check/main.ts", "--root", directory, name];
  const { status, stdout, stderr } = spawnSync("node", argv, { cwd: root, encoding: "utf8" });
  return { status, output: stdout + stderr };
}

describe("the project's own checks, on planted violations", () => {
  after(() => {
    for (const copy of copies) rmSync(copy, { recursive: true });
  });

  it("accept the project as it is", () => {
    const copy = plant("src/errors/nothing.ts", "export const nothing = 0;\n");
    for (const name of ["layers", "cycles", "start-path", "skipped-tests", "packages"]) {
      const { status, output } = check(copy, name);
      assert.equal(status, 0, output);
    }
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
    it(`refuse ${rule}`, () => {
      const { status, output } = check(plant(path, text), "layers");
      assert.match(output, message);
      assert.equal(status, 1);
    });
  }

  it("refuse an import cycle", () => {
    const copy = plant("src/errors/one.ts", 'import "./two.ts";\n');
    writeFileSync(join(copy, "src/errors/two.ts"), 'import type { x } from "./one.ts";\n');
    const { status, output } = check(copy, "cycles");
    assert.match(output, /import cycle: src\/errors\/one\.ts -> src\/errors\/two\.ts -> src\/errors\/one\.ts/);
    assert.equal(status, 1);
  });

  it("refuse a heavy module on the way to the first RPC", () => {
    const copy = plant("cmd/containerd-shim-uvm-v1/main.ts", '\nimport "../../src/errors/planted.ts";\n');
    writeFileSync(join(copy, "src/errors/planted.ts"), 'import { pino } from "pino";\n');
    const { status, output } = check(copy, "start-path");
    assert.match(output, /start-up loads pino: cmd\/containerd-shim-uvm-v1\/main\.ts -> src\/errors\/planted\.ts/);
    assert.equal(status, 1);
  });

  it("refuse a long file without a reason, and take one with it", () => {
    const long = "export const x = 0;\n".repeat(401);
    assert.match(check(plant("src/errors/long.ts", long), "file-length").output, /src\/errors\/long\.ts: 401 lines/);
    const explained = plant("src/errors/long.ts", `// Length: one table.\n${long}`);
    assert.equal(check(explained, "file-length").status, 0);
  });

  it("refuse a focused and an unexplained skipped test", () => {
    const tests = 'it.only("x", () => {});\nit.skip("y", () => {});\nit("z", { skip: "needs KVM" }, () => {});\n'; // check-skips: text
    const { status, output } = check(plant("src/errors/planted.test.ts", tests), "skipped-tests");
    assert.match(output, /planted\.test\.ts:1: focused/);
    assert.match(output, /planted\.test\.ts:2: skipped without a reason/);
    assert.doesNotMatch(output, /planted\.test\.ts:3/);
    assert.equal(status, 1);
  });

  it("refuse a link that leads nowhere", () => {
    const { status, output } = check(
      plant("docs/page.md", "See [this](there.md#part), [that](https://x.org/y)."),
      "links",
    );
    assert.match(output, /docs\/page\.md: links to there\.md, which is not there/);
    assert.doesNotMatch(output, /x\.org/);
    assert.equal(status, 1);
  });

  it("refuse a version range", () => {
    const copy = plant("package.json", "");
    writeFileSync(join(copy, "package.json"), JSON.stringify({ dependencies: { pino: "^10.0.0" } }));
    const { status, output } = check(copy, "packages");
    assert.match(output, /pino \^10\.0\.0 is not an exact version/);
    assert.equal(status, 1);
  });
});
