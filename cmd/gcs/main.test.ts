import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { runtime } from "#runtime";
import { readAll } from "../../src/gcs/stdio/read-all.ts";
import { BridgePeer } from "../../test/harness/bridge-peer.ts";
import { joinHalves } from "./inout-stream.ts";

const MAIN = join(import.meta.dirname, "main.ts");
const NULL_ID = "00000000-0000-0000-0000-000000000000";

/** This runtime, as it runs TypeScript. */
const interpreter = runtime.name === "bun" ? [process.execPath] : [process.execPath, "--import", "tsx"];

describe("the gcs program", () => {
  let directory = "";
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "gcs-main-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function start(...flags: string[]) {
    const argv = [...interpreter, MAIN, "-state-dir", join(directory, "state"), ...flags];
    const child = runtime.spawn(argv, { stdio: ["pipe", "pipe", "pipe"] });
    const [stdin, stdout, stderr] = child.pipes;
    assert.ok(stdin !== undefined && stdout !== undefined && stderr !== undefined);
    return { child, stream: joinHalves(stdout, stdin), log: readAll(stderr, 1 << 20) };
  }

  it("serves the bridge on stdin and stdout, logs on stderr, and ends with its host", async () => {
    const { child, stream, log } = start("-use-inouterr", "-v4", "-loglevel=debug", "-log-format", "json");
    const peer = new BridgePeer(stream);
    const negotiated = await peer.negotiate();
    assert.equal(negotiated.body.Result, 0);
    const dump = await peer.request(0x10100c01, 2n, { ContainerId: NULL_ID });
    assert.match(String(dump.body.GuestStacks), /external processes/);
    const parameters = { CommandArgs: ["/bin/sh", "-c", "exit 11"], CreateInUtilityVM: true };
    const settings = { ProcessParameters: JSON.stringify(parameters) };
    const { ProcessId } = (await peer.request(0x10100501, 3n, { ContainerId: NULL_ID, Settings: settings })).body;
    const wait = { ContainerId: NULL_ID, ProcessId, TimeoutInMs: 0xffff_ffff };
    assert.equal((await peer.request(0x10100601, 4n, wait)).body.ExitCode, 11);
    peer.end();
    assert.deepEqual((await child.exited).code, 0);
    const lines = (await log)
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { level: string; msg: string });
    assert.ok(lines.some(({ level, msg }) => level === "info" && msg.includes("serving the bridge")));
  });

  it("says what it lacks where no transport is given", async () => {
    const { child, stream, log } = start();
    stream.open({ data() {}, end() {}, drain() {}, close() {} });
    assert.equal((await child.exited).code, 2);
    stream.destroy();
    assert.match(await log, /no transport: give -use-inouterr/);
  });

  it("leaves a machine alone whose first process it is not", async () => {
    const { child, stream, log } = start("-pid1");
    stream.open({ data() {}, end() {}, drain() {}, close() {} });
    assert.equal((await child.exited).code, 2);
    stream.destroy();
    assert.match(await log, /-pid1 is for the first process of a utility VM; this is process [0-9]+/);
  });

  it("refuses unknown flags and levels with a sentence", async () => {
    for (const [flag, text] of [
      ["-no-such-flag", /unknown option '--no-such-flag'/],
      ["-loglevel=loud", /use one of trace/],
    ] as const) {
      const { child, stream, log } = start(flag);
      stream.open({ data() {}, end() {}, drain() {}, close() {} });
      assert.notEqual((await child.exited).code, 0);
      stream.destroy();
      assert.match(await log, text);
    }
  });
});
