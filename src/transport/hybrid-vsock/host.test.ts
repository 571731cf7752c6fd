import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { runtime } from "#runtime";
import { leakedFds, openFds } from "../../sys/fd-leaks.ts";
import { byteStreamSuite } from "../byte-stream-suite.ts";
import { HybridVsockHost } from "./host.ts";

const PORT = 0x4000_0000;

describe("the host's end of a hybrid vsock", { timeout: 60_000 }, () => {
  const before = openFds();
  const directory = mkdtempSync(join(tmpdir(), "uvm-hybrid-"));
  const path = join(directory, "v");
  const host = new HybridVsockHost(path);
  after(async () => {
    host.destroy();
    rmSync(directory, { recursive: true });
    assert.deepEqual(await leakedFds(before), []);
  });

  byteStreamSuite("hybrid vsock", async () => {
    const listener = host.listen(PORT);
    const [a, b] = await Promise.all([runtime.connect(`${path}_${PORT}`), listener.accept()]);
    listener.close();
    return { a, b };
  });

  it("takes a port at once, for one listener, and gives it back with its socket", () => {
    const listener = host.listen(PORT);
    assert.ok(existsSync(`${path}_1073741824`));
    assert.throws(() => host.listen(PORT), { kind: "already-exists" });
    listener.close();
    assert.ok(!existsSync(`${path}_${PORT}`));
    host.listen(PORT).close();
  });

  it("refuses a port that nobody listens on", async () => {
    await assert.rejects(runtime.connect(`${path}_7`), { code: "ENOENT" });
  });

  it("ends with its VM: who waits is told, and nobody can listen any more", async () => {
    const ending = new HybridVsockHost(join(directory, "w"));
    const accepted = ending.listen(5).accept();
    ending.destroy(new Error("the VM has ended"));
    ending.destroy();
    await assert.rejects(accepted, { kind: "unavailable" });
    assert.throws(() => ending.listen(5), { kind: "unavailable" });
    assert.ok(!existsSync(join(directory, "w_5")));
  });
});
