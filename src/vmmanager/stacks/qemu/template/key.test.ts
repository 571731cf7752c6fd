import assert from "node:assert/strict";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { UvmDocument } from "../document.ts";
import { templateKey } from "./key.ts";

const document: UvmDocument = {
  accelerator: "tcg",
  machine: "pc",
  sizing: { processors: 1, maxProcessors: 4, memoryMiB: 256, maxMemoryMiB: 4096 },
  kernelArguments: [],
};
const cpuInfo = () => "model name\t: A\nmicrocode\t: 0x1\nflags\t\t: fpu vmx\ncpu MHz\t: 1\n\nprocessor\t: 1\n";

describe("the key of a template", () => {
  let image = "";
  let host = { binary: "", image: "", cpuInfo };
  before(() => {
    image = mkdtempSync(join(tmpdir(), "template-key-"));
    for (const name of ["qemu", "vmlinuz", "initrd.cpio", "root.erofs"]) writeFileSync(join(image, name), name);
    host = { binary: join(image, "qemu"), image, cpuInfo };
  });
  after(() => rmSync(image, { recursive: true }));

  it("is the same for the same VM, and one name of a file", () => {
    assert.equal(templateKey(document, host), templateKey({ ...document, sizing: { ...document.sizing } }, host));
    assert.match(templateKey(document, host), /^[0-9a-f]{64}$/);
  });

  const others: Record<string, UvmDocument> = {
    "another accelerator": { ...document, accelerator: "kvm" },
    "another machine": { ...document, machine: "pc-i440fx-7.2" },
    "more memory": { ...document, sizing: { ...document.sizing, memoryMiB: 512 } },
    "room for more memory": { ...document, sizing: { ...document.sizing, maxMemoryMiB: 8192 } },
    "more processors": { ...document, sizing: { ...document.sizing, processors: 2 } },
    "room for more processors": { ...document, sizing: { ...document.sizing, maxProcessors: 8 } },
    "a kernel argument": { ...document, kernelArguments: ["debug"] },
  };
  for (const [name, other] of Object.entries(others)) {
    it(`changes with ${name}`, () => assert.notEqual(templateKey(other, host), templateKey(document, host)));
  }

  for (const name of ["qemu", "vmlinuz", "initrd.cpio", "root.erofs"]) {
    it(`changes with ${name}: by its size, and by its time alone`, () => {
      const before = templateKey(document, host);
      writeFileSync(join(image, name), "of another size");
      const bySize = templateKey(document, host);
      utimesSync(join(image, name), 1, 1);
      assert.equal(new Set([before, bySize, templateKey(document, host)]).size, 3);
    });
  }

  it("changes under KVM with the processor, not with its frequency, and is the same on all under emulation", () => {
    const kvm: UvmDocument = { ...document, accelerator: "kvm" };
    const on = (text: string, of = kvm) => templateKey(of, { ...host, cpuInfo: () => text });
    const newer = cpuInfo().replace("0x1", "0x2");
    assert.notEqual(on(newer), on(cpuInfo()));
    assert.equal(on(cpuInfo().replace("MHz\t: 1", "MHz\t: 2")), on(cpuInfo()));
    assert.equal(on(newer, document), on(cpuInfo(), document));
  });

  it("can't be told of an image that is not there", () => {
    assert.throws(() => templateKey(document, { ...host, image: join(image, "none") }), /ENOENT/);
  });
});
