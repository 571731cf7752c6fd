import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { leakedFds, openFds } from "./fd-leaks.ts";
import { inNamespaceOf, isNamespace, makeNamespace, type NamespaceKind, removeNamespace } from "./namespace.ts";
import { SysError } from "./sys-error.ts";

const skip = process.getuid?.() !== 0 && "wants root: it makes namespaces";
const own = (kind: NamespaceKind): string => readlinkSync(`/proc/thread-self/ns/${kind}`);
const hostname = (): string => readFileSync("/proc/sys/kernel/hostname", "utf8").trim();
const code = (wanted: string) => (error: unknown) => error instanceof SysError && error.code === wanted;

describe("a namespace kept by a path", { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), "namespace-"));
  const path = join(directory, "ns");
  const openBefore = openFds();
  before(() => assert.equal(existsSync(path), false));
  after(async () => {
    rmSync(directory, { recursive: true });
    assert.deepEqual(await leakedFds(openBefore), []);
  });

  for (const kind of ["ipc", "net", "uts"] as const) {
    it(`is made, entered, left and removed (${kind})`, () => {
      const home = own(kind);
      makeNamespace(kind, path);
      assert.equal(own(kind), home);
      assert.ok(isNamespace(path));
      const inside = inNamespaceOf(kind, path, () => own(kind));
      assert.notEqual(inside, home);
      assert.equal(own(kind), home);
      assert.throws(() => makeNamespace(kind, path), code("EEXIST"));
      assert.equal(
        inNamespaceOf(kind, path, () => own(kind)),
        inside,
      );
      removeNamespace(path);
      assert.equal(existsSync(path), false);
      removeNamespace(path);
    });
  }

  it("is prepared from inside, which stays inside", () => {
    const before = hostname();
    makeNamespace("uts", path, () => writeFileSync("/proc/sys/kernel/hostname", "a-pod"));
    assert.equal(inNamespaceOf("uts", path, hostname), "a-pod");
    assert.equal(hostname(), before);
    removeNamespace(path);
  });

  it("is not there where its preparation failed, and we are back", () => {
    const home = own("uts");
    const fail = (): never => {
      throw new Error("no");
    };
    assert.throws(() => makeNamespace("uts", path, fail), /no/);
    assert.equal(own("uts"), home);
    assert.equal(existsSync(path), false);
  });

  it("is told from other files, and from none", () => {
    assert.ok(isNamespace("/proc/self/ns/net"));
    writeFileSync(path, "");
    assert.equal(isNamespace(path), false);
    assert.throws(() => inNamespaceOf("net", path, () => undefined), code("EINVAL"));
    rmSync(path);
    assert.throws(() => isNamespace(path), /ENOENT/);
  });
});
