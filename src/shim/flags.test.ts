import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isKind } from "../errors/shim-error.ts";
import { checkIdentifier, parseFlags } from "./flags.ts";

const none = {
  namespace: "",
  id: "",
  address: "",
  publishBinary: "",
  bundle: "",
  debug: false,
  version: false,
  info: false,
  action: "",
};

describe("parseFlags", () => {
  it("reads what containerd up to 2.2 gives", () => {
    const line = "-namespace default -address /run/containerd/containerd.sock -publish-binary /usr/bin/containerd";
    assert.deepEqual(parseFlags([...line.split(" "), "-id", "c1", "start"]), {
      ...none,
      namespace: "default",
      id: "c1",
      address: "/run/containerd/containerd.sock",
      publishBinary: "/usr/bin/containerd",
      action: "start",
    });
  });

  it("reads any order, both dashes, both forms, and flags after the action", () => {
    const args = ["delete", "--id=c1", "-debug", "-bundle=/b=c", "--namespace", "ns", "-address", ""];
    assert.deepEqual(parseFlags(args), {
      ...none,
      namespace: "ns",
      id: "c1",
      bundle: "/b=c",
      debug: true,
      action: "delete",
    });
  });

  it("skips unknown flags with and without a value", () => {
    const args = ["-new", "-id", "c1", "-other", "value", "-third=x", "-fourth", "start"];
    assert.deepEqual(parseFlags(args), { ...none, id: "c1", action: "start" });
  });

  it("takes a value that looks like a flag or an action", () => {
    assert.deepEqual(parseFlags(["-id", "start", "-namespace", "-x", "delete"]), {
      ...none,
      id: "start",
      namespace: "-x",
      action: "delete",
    });
  });

  it("reads switches", () => {
    assert.deepEqual(parseFlags(["-v"]), { ...none, version: true });
    assert.deepEqual(parseFlags(["--version"]), { ...none, version: true });
    assert.deepEqual(parseFlags(["-info", "-debug=false"]), { ...none, info: true });
  });

  it("ends at --", () => {
    assert.deepEqual(parseFlags(["-id", "a", "--", "-id"]), { ...none, id: "a", action: "-id" });
  });

  it("refuses a flag without its value and a switch that is neither", () => {
    for (const args of [["start", "-id"], ["-debug=maybe"]]) {
      assert.throws(
        () => parseFlags(args),
        (error) => isKind(error, "invalid-argument"),
      );
    }
  });
});

describe("checkIdentifier", () => {
  it("lets containerd's identifiers pass", () => {
    for (const id of ["default", "k8s.io", "a_b-c.d", "0".repeat(64), "_".padStart(2, "a")]) {
      assert.equal(checkIdentifier("id", id), id);
    }
  });

  it("lets a sandbox of shimtest's pass, whose id has the # of a Go subtest", () => {
    assert.equal(checkIdentifier("id", "testshim-local-lifecycle#01-3fcbe362"), "testshim-local-lifecycle#01-3fcbe362");
  });

  for (const bad of ["", "..", ".", "a/b", "#a", "/a", "a\nb", "-a", "a\u0000", "x".repeat(256)]) {
    it(`refuses ${JSON.stringify(bad.slice(0, 20))}`, () => {
      assert.throws(
        () => checkIdentifier("id", bad),
        (error) => isKind(error, "invalid-argument"),
      );
    });
  }
});
