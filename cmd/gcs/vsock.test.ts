/** As src/transport/vsock/loopback.test.ts: where vsock has its loopback alone, CID 2 is this machine as well. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { runtime } from "#runtime";
import { BRIDGE_PORT } from "../../src/prot/protocol.ts";
import { VSOCK_CID } from "../../src/sys/vsock.ts";
import { VsockHost } from "../../src/transport/vsock/host.ts";
import { BridgePeer } from "../../test/harness/bridge-peer.ts";
import { GuestShell } from "../../test/qemu/guest-shell.ts";

const ANY_CID = 0xffff_ffff;
const skip = existsSync("/sys/module/vsock_loopback") ? false : "wants the kernel module vsock_loopback: modprobe it";

/** The executable where there is one, else this runtime as it runs TypeScript. */
function program(): string[] {
  if (process.env.UVM_GCS !== undefined) return [process.env.UVM_GCS];
  const interpreter = runtime.name === "bun" ? [process.execPath] : [process.execPath, "--import", "tsx"];
  return [...interpreter, join(import.meta.dirname, "main.ts")];
}

describe("the gcs program over vsock", { skip, timeout: 300_000 }, () => {
  it("dials its host, serves the bridge and the stdio of processes, and redials", async () => {
    const directory = mkdtempSync(join(tmpdir(), "gcs-vsock-"));
    const host = new VsockHost({ guestCid: VSOCK_CID.loopback, cid: ANY_CID });
    const listener = host.listen(BRIDGE_PORT);
    const argv = [...program(), "-vsock", String(host.port), "-state-dir", join(directory, "state")];
    const env = { PATH: process.env.PATH ?? "/usr/sbin:/usr/bin" };
    const child = runtime.spawn(argv, { stdio: ["null", "null", 2], env });
    try {
      for (const last of [0, 10]) {
        const peer = new BridgePeer(await listener.accept());
        assert.equal((await peer.negotiate()).body.Result, 0);
        const shell = new GuestShell(peer, host, last);
        assert.deepEqual(await shell.run("echo by vsock; exit 3"), { code: 3, output: "by vsock\n" });
        const { output } = await shell.run("head -c 1000000 /dev/zero | tr '\\000' x");
        assert.ok(output === "x".repeat(1_000_000));
        peer.destroy();
      }
    } finally {
      child.kill(15);
      const { code } = await child.exited;
      host.destroy();
      rmSync(directory, { recursive: true });
      assert.equal(code, 0);
    }
  });
});
