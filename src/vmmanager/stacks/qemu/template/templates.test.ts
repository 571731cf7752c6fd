import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { unavailable } from "../../../../errors/shim-error.ts";
import { createLogger } from "../../../../log/logger.ts";
import type { CallOptions } from "../../../lifetime.ts";
import type { UvmDocument } from "../document.ts";
import { templateKey } from "./key.ts";
import { Templates } from "./templates.ts";

const document: UvmDocument = {
  accelerator: "tcg",
  machine: "pc",
  sizing: { processors: 1, maxProcessors: 4, memoryMiB: 256, maxMemoryMiB: 4096 },
  kernelArguments: [],
};

describe("templates, where none can be had", () => {
  let parent = "";
  let directory = "";
  let told: string[] = [];
  let templates: Templates;
  const host = () => ({ binary: join(parent, "qemu"), image: parent });
  const noBoot = () => Promise.reject(unavailable("QEMU did not start"));
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), "templates-"));
    directory = join(parent, "templates");
    for (const name of ["qemu", "vmlinuz", "initrd.cpio", "root.erofs"]) writeFileSync(join(parent, name), name);
    told = [];
    const log = createLogger({ level: "info", sink: { write: (line) => void told.push(line) } });
    templates = new Templates({ directory, waitMs: 1 }, host(), log);
  });
  afterEach(() => rmSync(parent, { recursive: true }));

  it("say why, leave nothing, and let the VM be booted", async () => {
    assert.equal(await templates.of(document, noBoot), undefined);
    assert.match(
      told.join(""),
      /level=warning msg="there is no template for this vm: it is booted".*QEMU did not start/,
    );
    assert.deepEqual(readdirSync(directory), []);
    rmSync(join(parent, "root.erofs"));
    assert.equal(await templates.of(document, noBoot), undefined);
    assert.match(told[1] ?? "", /ENOENT/);
  });

  it("give up with a caller that leaves", async () => {
    const left = new AbortController();
    const boot = ({ signal }: CallOptions): Promise<never> => {
      left.abort(new Error("the pod is gone"));
      return Promise.reject(signal?.reason);
    };
    await assert.rejects(templates.of(document, boot, { signal: left.signal }), /the pod is gone/);
    assert.deepEqual(readdirSync(directory), []);
  });

  it("remove what is no template, once; a VM of another size has another, and none of its is touched", async () => {
    const at = join(directory, templateKey(document, host()));
    const larger = { ...document, sizing: { ...document.sizing, memoryMiB: 512 } };
    const other = join(directory, templateKey(larger, host()));
    for (const path of [at, other]) mkdirSync(path, { recursive: true, mode: 0o700 });
    chmodSync(directory, 0o700);
    assert.equal(await templates.of(document, noBoot), undefined);
    assert.match(told.join(""), /a template is refused and removed.*has no vm\.json/);
    assert.deepEqual([existsSync(at), existsSync(other)], [false, true]);
  });

  it("neither read nor remove what lies in a directory of others", async () => {
    const at = join(directory, templateKey(document, host()));
    mkdirSync(at, { recursive: true });
    chmodSync(directory, 0o777);
    assert.equal(await templates.of(document, noBoot), undefined);
    assert.match(told.join(""), /it is booted.*is not root's alone/);
    assert.ok(existsSync(at));
  });
});
