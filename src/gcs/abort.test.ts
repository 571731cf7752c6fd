import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { memoryStreamPair } from "../transport/memory-stream.ts";
import { createGcs } from "./gcs.ts";

describe("createGcs", () => {
  it("ends when it is aborted while a dial of the bridge succeeds", async () => {
    const directory = mkdtempSync(join(tmpdir(), "gcs-abort-"));
    const over = new AbortController();
    const [host, guest] = memoryStreamPair();
    const closed = new Promise<void>((resolve) => {
      host.open({ data() {}, end() {}, drain() {}, close: () => resolve() });
    });
    try {
      const gcs = createGcs({
        sockets: {
          async dial() {
            over.abort();
            return { kind: "stream", stream: guest };
          },
        },
        stateDirectory: directory,
        reaper: { watch: () => assert.fail("nothing runs here") },
      });
      await gcs.run({ signal: over.signal });
      await closed;
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
