import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger } from "../../../../log/logger.ts";
import { leakedFds, openFds } from "../../../../sys/fd-leaks.ts";
import { close, open } from "../../../../sys/libc.ts";
import { SysError } from "../../../../sys/sys-error.ts";
import { claimCid, VsockChannel } from "./vsock.ts";

const EADDRINUSE = 98;
const ENOENT = 2;

function failing(errno: number): never {
  throw new SysError(errno, "ioctl VHOST_VSOCK_SET_GUEST_CID");
}

describe("the CID of a VM", () => {
  it("is made of its id, the next such while another VM has it", () => {
    const first = claimCid("pod", () => 7);
    assert.deepEqual(
      claimCid("pod", () => 7),
      first,
    );
    assert.notEqual(claimCid("other", () => 7).guestCid, first.guestCid);
    const asked: number[] = [];
    const second = claimCid("pod", (cid) => (asked.push(cid) < 3 ? failing(EADDRINUSE) : 8));
    assert.deepEqual([asked[0], asked.length, second.fd], [first.guestCid, 3, 8]);
    assert.equal(new Set(asked).size, 3);
    for (const cid of asked) assert.ok(cid >= 0x1000_0000 && cid < 0x8000_0000);
    assert.throws(() => claimCid("pod", () => failing(EADDRINUSE)), { kind: "resource-exhausted" });
  });

  it("can't be had of a host without the device: says what to do", () => {
    const message =
      /^vm pod is to use vsock .*vhost-vsock .*ENOENT.*: modprobe vhost_vsock, or set qemu\.channel = "serial"$/;
    assert.throws(() => claimCid("pod", () => failing(ENOENT)), { kind: "failed-precondition", message });
  });
});

describe("a guest channel over vsock", () => {
  it("listens as the host of VMs, or says why it can't; leaves no fd", async () => {
    const before = openFds();
    let channel: VsockChannel | undefined;
    try {
      channel = VsockChannel.open("pod", silentLogger, () => open("/dev/null", 0));
    } catch (error) {
      // Nowhere but where vhost_vsock is loaded CID 2 is this machine.
      assert.match(String(error), /vhost-vsock of this host can't be used \(.*(EADDRNOTAVAIL|EAFNOSUPPORT)\)/);
    }
    if (channel !== undefined) {
      assert.match(channel.unsaveable, /set qemu\.channel = "serial"/);
      channel.destroy(new Error("over"));
      channel.destroy(new Error("over"));
      close(channel.deviceFd);
    }
    assert.deepEqual(await leakedFds(before), []);
  });
});
