import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Annotation } from "./annotations/annotation.ts";
import { annotationNamed, checkAnnotations, unheededAnnotations } from "./annotations/check.ts";
import { allAnnotations } from "./annotations/table.ts";
import { KNOWN_KEYS, SCHEMA } from "./schema.ts";

const root = join(import.meta.dirname, "../..");
const annotationFolder = join(import.meta.dirname, "annotations");

/** The product's code, without the schema's own. */
function productTexts(): string[] {
  return ["src", "cmd"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts") && !path.includes("generated"))
      .map((path) => join(root, folder, path))
      .filter((path) => !path.startsWith(annotationFolder))
      .map((path) => readFileSync(path, "utf8")),
  );
}

/** Each row under the name that code reads it by: `topology.memorySize`. */
async function rowsByUse(): Promise<Map<Annotation, { group: string; member: string }>> {
  const uses = new Map<Annotation, { group: string; member: string }>();
  const files = readdirSync(annotationFolder).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
  for (const file of files) {
    const module = (await import(`./annotations/${file}`)) as Record<string, unknown>;
    for (const [group, value] of Object.entries(module)) {
      if (typeof value !== "object" || value === null || Array.isArray(value)) continue;
      for (const [member, row] of Object.entries(value as Record<string, Annotation>)) {
        if (allAnnotations.includes(row)) uses.set(row, { group, member });
      }
    }
  }
  return uses;
}

describe("the schema of the configuration", () => {
  it("has each key once, with a default or what holds without it, and says what it means", () => {
    assert.equal(new Set(SCHEMA.map(({ key }) => key)).size, SCHEMA.length);
    for (const { key, fallback, otherwise, meaning } of KNOWN_KEYS) {
      assert.ok((fallback === undefined) !== (otherwise === undefined), `${key} has a default`);
      assert.ok(meaning.endsWith("."), key);
    }
  });

  it("has the keys that the settings read, and no others", () => {
    const settings = readdirSync(import.meta.dirname)
      .filter((name) => name.endsWith(".ts") && name.includes("settings") && !name.endsWith(".test.ts"))
      .map((name) => readFileSync(join(import.meta.dirname, name), "utf8"))
      .join("\n");
    const read = [...settings.matchAll(/\b(?:text|required|integer|stringOf|lookUp)\((?:values, )?"([^"]+)"/g)];
    assert.deepEqual([...new Set(read.map(([, key]) => key))].sort(), KNOWN_KEYS.map(({ key }) => key).sort());
  });
});

describe("the schema of annotations", () => {
  it("has each once", () => {
    assert.equal(new Set(allAnnotations.map(({ name }) => name)).size, allAnnotations.length);
  });

  it("has each that the code reads", () => {
    const names = productTexts().flatMap((text) => [
      ...text.matchAll(
        /["'`]((?:io\.(?:microsoft|kubernetes\.cri|containerd\.(?:runc|runtime))\.|microsoft\.com\/)[^"'`]*)/g,
      ),
    ]);
    assert.ok(names.length > 0);
    assert.deepEqual(
      names.map(([, name = ""]) => name).filter((name) => annotationNamed(name) === undefined),
      [],
    );
  });

  it("has none that no code reads", async () => {
    const texts = productTexts();
    const unread = [...(await rowsByUse())].filter(([{ name }, { group, member }]) => {
      const use = new RegExp(`\\b${group}\\s*\\.${member}\\b|\\{[^{}]*\\b${member}\\b[^{}]*\\} = ${group}\\b`);
      return !texts.some((text) => use.test(text) || text.includes(`"${name}"`));
    });
    assert.deepEqual(
      unread.map(([{ name }]) => name),
      [],
    );
    assert.equal((await rowsByUse()).size, allAnnotations.length);
  });
});

describe("checkAnnotations", () => {
  const topology = "io.microsoft.virtualmachine.computetopology.";
  const wrong = (name: string, value: string) => checkAnnotations({ [name]: value }, "container web");

  it("finds nothing in what fits, in what is empty, and in what is others'", () => {
    const fitting = {
      ...{ [`${topology}memory.sizeinmb`]: "512", [`${topology}processor.limit`]: "100000" },
      ...{ [`${topology}memory.allowovercommit`]: "T", "io.microsoft.virtualmachine.lcow.extra-vsock-ports": "1,2" },
      ...{ "io.kubernetes.cri.sandbox-cpu-quota": "-1", "io.kubernetes.cri.container-name": "x", "com.example": "y" },
      ...{
        "io.microsoft.virtualmachine.hv-socket.service-table.aaaa": "{}",
        "microsoft.com/hostprocess-container": "",
      },
    };
    assert.deepEqual(checkAnnotations(fitting, "container web"), []);
  });

  for (const [name, value, wanted] of [
    [`${topology}memory.sizeinmb`, "-1", "a number below 2^64"],
    [`${topology}processor.count`, "two", "a whole number from -2147483648 to 2147483647"],
    [`${topology}processor.limit`, "100001", "a whole number from 0 to 100000"],
    [`${topology}memory.allowovercommit`, "yes", "true or false"],
    ["io.microsoft.virtualmachine.resource-partition-id", "1", "a GUID"],
    ["io.microsoft.virtualmachine.lcow.extra-vsock-ports", "1, 2", "numbers with commas between them"],
    ["io.microsoft.virtualmachine.lcow.securitypolicy", "&", "base64"],
    ["io.microsoft.virtualmachine.wcow.additional-reg-keys", "[", "JSON"],
    ["io.kubernetes.cri.sandbox-cpu-quota", "9223372036854775808", "a whole number of 64 bits"],
  ] as const) {
    it(`names ${name}, the container and the value that is none`, () => {
      assert.deepEqual(wrong(name, value), [`annotation ${name} of container web is "${value}", wanted ${wanted}`]);
    });
  }

  it("names the nearest of an unknown name in hcsshim's families", () => {
    assert.deepEqual(wrong(`${topology}memory.sizeinm`, "1"), [
      `unknown annotation ${topology}memory.sizeinm of container web: did you mean ${topology}memory.sizeinmb?`,
    ]);
    assert.deepEqual(wrong("io.microsoft.zzz", "1"), ["unknown annotation io.microsoft.zzz of container web"]);
  });

  it("tells which the stack does not heed", () => {
    const given = { [`${topology}memory.sizeinmb`]: "512", [`${topology}processor.weight`]: "1", "com.example": "1" };
    assert.deepEqual(unheededAnnotations(given, "hcs", "container web"), []);
    assert.deepEqual(unheededAnnotations(given, "qemu", "container web"), [
      `annotation ${topology}processor.weight of container web is passed over: stack qemu does not heed it`,
    ]);
    assert.equal(unheededAnnotations(given, "local", "container web").length, 2);
  });
});
