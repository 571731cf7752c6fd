import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { runtime } from "#runtime";
import { StreamRecorder } from "../byte-stream-suite.ts";
import { GuestMux } from "./guest-mux.ts";
import { HostMux } from "./host-mux.ts";

const MEBIBYTE = 1024 * 1024;

describe("mux over a unix socket", () => {
  it("moves megabytes both ways, through reconnections in the middle of them", async () => {
    const directory = mkdtempSync(join(tmpdir(), "mux-"));
    const path = join(directory, "port.sock");
    const guest = new GuestMux();
    const host = new HostMux();
    const server = await runtime.listen({ path }, (stream) => void guest.attach(stream));
    let breaks = 0;
    const connected = (async () => {
      for (; breaks < 4; breaks++) {
        const stream = await runtime.connect(path);
        const gone = host.attach(stream);
        // The last connection stays.
        if (breaks === 3) return;
        setTimeout(() => stream.destroy(), 5);
        await gone;
      }
    })();
    try {
      const listener = host.sockets.listen(1);
      const [hostEnd, dialled] = await Promise.all([listener.accept(), guest.sockets.dial(1)]);
      if (dialled.kind !== "stream") throw new Error("the mux knows streams only");
      const atHost = new StreamRecorder(hostEnd);
      const atGuest = new StreamRecorder(dialled.stream);
      const sent = Uint8Array.from({ length: 4 * MEBIBYTE }, (_, i) => (i * 31 + (i >> 12)) % 256);
      for (const end of [hostEnd, dialled.stream]) {
        for (let at = 0; at < sent.byteLength; at += 50_000) end.write(sent.slice(at, at + 50_000));
        end.end();
      }
      await Promise.all([atHost.seen("close"), atGuest.seen("close"), connected]);
      assert.ok(atHost.bytes().equals(sent) && atGuest.bytes().equals(sent));
      assert.equal(breaks, 3);
    } finally {
      host.destroy();
      guest.destroy();
      server.close();
      rmSync(directory, { recursive: true });
    }
  });
});
