import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ShimError } from "../../../errors/shim-error.ts";
import { kindOfText, serviceError } from "./service-error.ts";

describe("errors of a VM service, which are all Unknown", () => {
  for (const [text, kind] of [
    ["VM already created", "already-exists"],
    ["wait VM already in flight", "already-exists"],
    ["VM not created yet", "failed-precondition"],
    ["no scsi controller", "failed-precondition"],
    ["VM torn down", "unavailable"],
    ["VM quit", "unavailable"],
    ["server shutting down", "unavailable"],
    ["VM worker stopped: panicked", "unavailable"],
    ["failed to open /x: No such file or directory (os error 2)", "not-found"],
    ["failed to open kernel: Permission denied (os error 13)", "permission-denied"],
    ["vpmem not supported", "unimplemented"],
    ["port update only supported for consomme backend", "unimplemented"],
    ["lun value out of range", "invalid-argument"],
    ["controller must be 0", "invalid-argument"],
    ["location already in use", "already-exists"],
    ["the sky has fallen", "internal"],
  ] as const) {
    it(`are told apart by their words: ${text}`, () => assert.equal(kindOfText(text), kind));
  }

  it("keep a code that says something, and name the VM and what it can't do", () => {
    const error = serviceError(new ShimError("unimplemented", "no such method"), "v1", "pause it");
    assert.deepEqual(
      [error.kind, error.message],
      ["unimplemented", "vm v1: its service cannot pause it: no such method"],
    );
  });

  it("show no control characters of the service's", () => {
    assert.match(serviceError(new ShimError("unknown", "a\u001b[2J\nb"), "v1", "x").message, /: a\?b$/);
  });
});
