import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bodyText } from "./body-text.ts";

const text = (value: unknown, secrets = false): string =>
  bodyText(new TextEncoder().encode(`${typeof value === "string" ? value : JSON.stringify(value)}\n`), secrets);

const process = { args: ["sh", "-c", "s3cret"], env: ["PATH=/bin", "TOKEN=s3cret=s3cret", "s3cret"], cwd: "/" };

describe("a frame's body, to be read", () => {
  it("keeps names and hides values, also in documents that travel as text", () => {
    const inner = { ociSpecification: { process, annotations: { key: "s3cret" }, root: { path: "/r" } } };
    const shown = text({
      ContainerId: "c1",
      ContainerConfig: JSON.stringify(inner),
      Settings: {
        ProcessParameters: JSON.stringify({ CommandArgs: ["ls", "s3cret"], Environment: { A: "s3cret" } }),
        CommandLine: "ls s3cret",
        Entropy: "s3cret",
        GuestStacks: "pid 7 running; env TOKEN=s3cret true",
      },
      OciSpecification: { hooks: { poststop: [{ path: "/h", args: ["h", "s3cret"], env: ["B=s3cret"] }] } },
    });
    assert.doesNotMatch(shown, /s3cret/);
    for (const kept of [
      "c1",
      "TOKEN=<hidden>",
      "PATH=<hidden>",
      '\\"cwd\\":\\"/\\"',
      "/r",
      "B=<hidden>",
      '\\"key\\"',
    ]) {
      assert.ok(shown.includes(kept), `${kept} in ${shown}`);
    }
  });

  it("tells all where that is asked for", () => {
    assert.equal(text({ process }, true), JSON.stringify({ process }));
  });

  it("shows nothing of what it does not understand", () => {
    assert.equal(text('{"env": ["TOKEN=s3cret"'), "<hidden>");
    assert.equal(text({ ContainerConfig: '{ "TOKEN": s3cret' }), '{"ContainerConfig":"<hidden>"}');
    assert.equal(text({ env: "TOKEN=s3cret", Environment: "s3cret" }), '{"env":"<hidden>","Environment":"<hidden>"}');
    assert.equal(text(""), "");
    assert.equal(text({ constructor: { env: ["A=s3cret"] } }), '{"constructor":{"env":["A=<hidden>"]}}');
    assert.equal(text('{"__proto__":{"env":["A=s3cret"]}}'), '{"__proto__":{"env":["A=<hidden>"]}}');
  });

  it("keeps 64-bit integers and null, and cuts what nobody reads", () => {
    assert.equal(text('{"limit":9223372036854775807,"env":null}'), '{"limit":9223372036854775807,"env":null}');
    assert.match(text({ a: "x".repeat(100_000) }), /^.{65536}\.\.\. \(100008 characters\)$/);
  });
});
