import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isKind } from "../../errors/shim-error.ts";
import { Options } from "../../generated/containerd/runhcs/v1.ts";
import { effectiveAnnotations } from "./effective-annotations.ts";

const UNSAFE = "io.microsoft.disable-unsafe-operations";
const GMSA = "io.microsoft.container.wcow.gmsa.disable";
const SHARES = "io.microsoft.virtualmachine.fileshares.disablewritable";
const MAPPING = "io.microsoft.virtualmachine.wcow.virtualSMB.nodirectmap";
const NO_HOST_PROCESS = "microsoft.com/disable-hostprocess-container";
const HOST_PROCESS = "microsoft.com/hostprocess-container";

function effective(own: Readonly<Record<string, string>>, defaults: Readonly<Record<string, string>> = {}) {
  const options = Options.create({ defaultContainerAnnotations: new Map(Object.entries(defaults)) });
  return effectiveAnnotations(own, options, assert.fail);
}

describe("the annotations that hold", () => {
  for (const value of ["true", "false", "whatever it is"]) {
    it(`no unsafe operations sets four others to ${value}`, () => {
      const warnings: string[] = [];
      const values = effectiveAnnotations({ [UNSAFE]: value }, Options.create(), (message) => warnings.push(message));
      assert.deepEqual(values, {
        ...{ [UNSAFE]: value, [GMSA]: value, [SHARES]: value, [MAPPING]: value, [NO_HOST_PROCESS]: value },
      });
      assert.equal(warnings.length, value === "whatever it is" ? 1 : 0);
    });
  }

  it("those that say the same do not contradict", () => {
    assert.equal(effective({ [UNSAFE]: "true", [GMSA]: "true" })[SHARES], "true");
  });

  for (const other of [GMSA, SHARES, MAPPING, NO_HOST_PROCESS]) {
    it(`no unsafe operations against ${other}`, () => {
      assert.throws(
        () => effective({ [UNSAFE]: "true", [other]: "false" }),
        (error) => isKind(error, "invalid-argument") && String(error).includes(`${other} "false"`),
      );
    });
  }

  it("values are compared as they are written", () => {
    assert.throws(() => effective({ [UNSAFE]: "true", [GMSA]: "True" }), /contradict/);
  });

  it("names all that contradict", () => {
    assert.throws(
      () => effective({ [UNSAFE]: "true", [GMSA]: "false", [SHARES]: "false", [HOST_PROCESS]: "true" }),
      /gmsa\.disable "false"; .*disablewritable "false"; .*hostprocess-container are both true/,
    );
  });

  const both: readonly (readonly [disabled: string, asked: string, ok: boolean])[] = [
    ["true", "true", false],
    ["1", "T", false],
    ["false", "true", true],
    ["true", "false", true],
    ["false", "false", true],
  ];
  for (const [disabled, asked, ok] of both) {
    it(`host processes disabled ${disabled}, asked for ${asked}`, () => {
      const make = () => effective({ [NO_HOST_PROCESS]: disabled, [HOST_PROCESS]: asked });
      if (ok) make();
      else assert.throws(make, /both true/);
    });
  }

  it("a default annotation is expanded, and may contradict the spec", () => {
    assert.equal(effective({}, { [UNSAFE]: "true" })[MAPPING], "true");
    assert.throws(() => effective({ [GMSA]: "false" }, { [UNSAFE]: "true" }), /contradict/);
  });

  it("a default annotation fills a gap only, and leaves the spec as it is", () => {
    const own = Object.freeze({ a: "spec" });
    assert.deepEqual(effective(own, { a: "default", b: "default" }), { a: "spec", b: "default" });
    assert.deepEqual(effective({ a: "" }, { a: "default" }), { a: "" });
  });
});
