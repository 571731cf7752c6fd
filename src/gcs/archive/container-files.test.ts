import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { isKind } from "../../errors/shim-error.ts";
import type { ByteStream } from "../../sys/byte-stream.ts";
import { memoryStreamPair } from "../../transport/memory-stream.ts";
import { ContainerFiles } from "./container-files.ts";

const request = { direction: "In", path: "/made", noWalk: false, preserveOwnership: false } as const;

test("begins no copy for a container that is deleted while the host is dialled", async (t) => {
  const bundle = mkdtempSync(join(tmpdir(), "uvm-files-"));
  t.after(() => rmSync(bundle, { recursive: true }));
  mkdirSync(join(bundle, "rootfs"));
  const dialled: (() => void)[] = [];
  const closed: true[] = [];
  const dial = () =>
    new Promise<{ kind: "stream"; stream: ByteStream }>((resolve) => {
      const [ours, theirs] = memoryStreamPair();
      theirs.open({ data() {}, end() {}, drain() {}, close: () => void closed.push(true) });
      dialled.push(() => resolve({ kind: "stream", stream: ours }));
    });
  const files = new ContainerFiles(bundle, {}, { dial, stdio: { closeFd() {} } });
  const copying = files.copy({ ...request, dataPort: 1, resultPort: 2 });
  await files.close();
  for (const answer of dialled) answer();
  await assert.rejects(copying, (error) => isKind(error, "aborted"));
  await new Promise(setImmediate);
  assert.equal(closed.length, 2);
  assert.deepEqual(readdirSync(join(bundle, "rootfs")), []);
});
