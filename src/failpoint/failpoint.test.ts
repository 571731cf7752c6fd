import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { isKind } from "../errors/shim-error.ts";
import { armFailpoints, FAILPOINT_ANNOTATION, failpoint } from "./failpoint.ts";
import { Terms } from "./terms.ts";

describe("failpoint terms", () => {
  const kinds = (text: string, hits: number): string[] => {
    const terms = new Terms(text);
    return Array.from({ length: hits }, () => terms.next().kind);
  };

  it("fire in order, each as often as it says, the uncounted one for ever, off after the last", () => {
    assert.deepEqual(kinds("1*off|2*error(a)|sleep(5)", 5), ["off", "error", "error", "sleep", "sleep"]);
    assert.deepEqual(kinds("1*error(a)->1*panic", 3), ["error", "panic", "off"]);
    assert.deepEqual(kinds("0*kill|1*hold(/x)", 2), ["hold", "off"]);
  });

  it("keep their arguments, which may hold what joins terms", () => {
    assert.deepEqual(new Terms("1*error(a | b -> c)|kill").next(), { kind: "error", message: "a | b -> c" });
    assert.deepEqual(new Terms("delay(20)").next(), { kind: "sleep", ms: 20 });
    assert.deepEqual(new Terms("panic").next(), { kind: "panic", message: "failpoint" });
  });

  for (const text of [
    "",
    "1*",
    "error",
    "error()",
    "sleep(x)",
    "sleep",
    "off(1)",
    "hold(here)",
    "boom",
    "1*off||kill",
  ]) {
    it(`refuse ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => new Terms(text),
        (error) => isKind(error, "invalid-argument"),
      );
    });
  }
});

describe("failpoints", () => {
  const directory = mkdtempSync(join(tmpdir(), "uvm-failpoint-"));
  after(() => rmSync(directory, { recursive: true }));

  it("are set by the environment and by annotations, whose bare names are methods of the task API", async () => {
    armFailpoints(
      { UVM_SHIM_FAILPOINTS: "vm.boot=1*error(no boot); publisher.forward=off;" },
      { [`${FAILPOINT_ANNOTATION}Create`]: "1*error(no create)", [`${FAILPOINT_ANNOTATION}vm.create`]: "error(no vm)" },
    );
    await assert.rejects(failpoint("vm.boot"), /^ShimError: no boot$|no boot/);
    await failpoint("vm.boot");
    await assert.rejects(failpoint("task.create"), /no create/);
    await assert.rejects(failpoint("vm.create"), /no vm/);
    await failpoint("publisher.forward");
    await failpoint("nobody.knows");
    armFailpoints({}, {});
    await failpoint("vm.create");
  });

  it("hold until they are let go, and tell that they are reached", async () => {
    const path = join(directory, "held");
    armFailpoints({ UVM_SHIM_FAILPOINTS: `a.b=hold(${path})` }, {});
    let passed = false;
    const held = failpoint("a.b").then(() => {
      passed = true;
    });
    assert.ok(existsSync(`${path}.reached`));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(passed, false);
    writeFileSync(path, "");
    await held;
    armFailpoints({}, {});
  });

  it("let the clock jump", async () => {
    const { Date: real } = globalThis;
    armFailpoints({ UVM_SHIM_FAILPOINTS: "a.b=1*jump(3600000)|1*jump(-7200000)" }, {});
    try {
      const now = real.now();
      await failpoint("a.b");
      assert.ok(Math.abs(Date.now() - now - 3_600_000) < 60_000);
      assert.ok(new Date() > new real(now + 3_000_000));
      assert.equal(new Date(5).getTime(), 5);
      await failpoint("a.b");
      assert.ok(Math.abs(Date.now() - now + 3_600_000) < 60_000);
    } finally {
      globalThis.Date = real;
      armFailpoints({}, {});
    }
  });

  it("refuse a variable without a point's name", () => {
    assert.throws(() => armFailpoints({ UVM_SHIM_FAILPOINTS: "error(x)" }, {}), { kind: "invalid-argument" });
  });
});
