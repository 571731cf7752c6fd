import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { openStdio } from "../../stdio/open.ts";
import { deferred } from "../deadline.ts";
import { StreamController } from "../stream/controller.ts";
import type { StreamCarrier, StreamMessage } from "../stream/ports.ts";
import { endingWithItsWriter } from "./stdio.ts";

describe("the stdin of a process without CloseIO", () => {
  const directory = mkdtempSync(join(tmpdir(), "uvm-diag-"));
  after(() => rmSync(directory, { recursive: true }));

  it("stays open until somebody has written, and ends as he closes it", { timeout: 60_000 }, async () => {
    const path = join(directory, "stdin");
    assert.equal(spawnSync("mkfifo", [path]).status, 0);
    const io = endingWithItsWriter({ open: openStdio, relay: () => assert.fail("not asked for here") });
    const paths = { terminal: false, stdin: path, stdout: "", stderr: "" };
    const opened = await io.open(paths, { containerId: "p1", namespace: "ns" });
    const read: string[] = [];
    const ended = new Promise<void>((resolve) => {
      opened.stdin?.stream().open({
        data: (chunk) => void read.push(new TextDecoder().decode(chunk)),
        end: resolve,
        drain() {},
        close() {},
      });
    });
    // One who comes and says nothing is not who it waits for.
    closeSync(openSync(path, "w"));
    const writer = openSync(path, "w");
    writeSync(writer, "hello");
    while (read.length === 0) await new Promise(setImmediate);
    writeSync(writer, " there");
    closeSync(writer);
    await ended;
    assert.equal(read.join(""), "hello there");
    await opened.close();
  });
});

describe("the stdin of a process without CloseIO, as a stream", () => {
  const streams = new StreamController("/run/s.sock");
  const io = endingWithItsWriter({
    open: (paths, context) => openStdio(paths, context, { streams }),
    relay: () => assert.fail("not asked for here"),
  });
  const carrier = (messages: StreamMessage[]): StreamCarrier => {
    const granted = deferred<void>();
    return {
      async receive() {
        await granted.promise;
        return messages.shift();
      },
      send: async ({ kind }) => void (kind === "window" && granted.resolve()),
      closeSend() {},
      signal: new AbortController().signal,
      broken: false,
    };
  };

  for (const sent of ["", "typed"]) {
    it(`ends with its client, who sent ${sent === "" ? "nothing" : "something"}`, { timeout: 60_000 }, async () => {
      const id = `in-${sent}`;
      const bytes = new TextEncoder().encode(sent);
      streams.attach(id, carrier(sent === "" ? [] : [{ kind: "data", bytes }])).over.catch(() => {});
      const paths = { terminal: false, stdin: `ttrpc+unix:///run/s.sock?streaming_id=${id}`, stdout: "", stderr: "" };
      const opened = await io.open(paths, { containerId: "p1", namespace: "ns" });
      const read: string[] = [];
      await new Promise<void>((resolve) => {
        opened.stdin?.stream().open({
          data: (chunk) => void read.push(new TextDecoder().decode(chunk)),
          end: resolve,
          drain() {},
          close() {},
        });
      });
      assert.equal(read.join(""), sent);
      await opened.close();
    });
  }
});
