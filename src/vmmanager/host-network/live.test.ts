import assert from "node:assert/strict";
import { mkdtempSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { until } from "../../../test/harness/until.ts";
import { isKind, ShimError } from "../../errors/shim-error.ts";
import { leakedFds, openFds } from "../../sys/fd-leaks.ts";
import { close, read, setNonBlocking, write } from "../../sys/libc.ts";
import { hostNetwork } from "./host-network.ts";
import { runInNamespace } from "./run-in-namespace.ts";

const HEADER = 10;
const ARP = 0x0806;
const POD = "10.213.9.2";
const PEER = "10.213.9.1";

const ping = ["/bin/busybox", "ping", "-c", "1", "-W", "1"];

const directory = mkdtempSync(join(tmpdir(), "host-network-"));
const pod = join(directory, "pod");
const peer = join(directory, "peer");
const own = readlinkSync("/proc/thread-self/ns/net");

const skip = process.getuid?.() !== 0 && "wants root: it makes network namespaces";

async function links() {
  const found = await hostNetwork.links(pod);
  assert.equal(found.length, 1);
  return found[0] ?? assert.fail();
}

/** The next ARP frame that the tap brings; what else a new link says (IPv6 router solicitations) is passed over. */
function nextArp(tap: number): Promise<Buffer> {
  return until("an ARP frame", () => {
    const buffer = Buffer.alloc(2048);
    for (let length = read(tap, buffer); length !== undefined; length = read(tap, buffer)) {
      const frame = buffer.subarray(HEADER, length);
      if (frame.readUInt16BE(12) === ARP) return Buffer.from(frame);
    }
    return undefined;
  });
}

/** The answer to an ARP request: `mac` is the one asked for. */
function arpReply(request: Buffer, mac: Buffer): Buffer {
  const frame = Buffer.alloc(HEADER + request.length);
  request.copy(frame, HEADER);
  const reply = frame.subarray(HEADER);
  request.copy(reply, 0, 6, 12);
  mac.copy(reply, 6);
  reply.writeUInt16BE(2, 20);
  mac.copy(reply, 22);
  request.copy(reply, 28, 38, 42);
  request.copy(reply, 32, 22, 32);
  return frame;
}

describe("a link of a real network namespace", { skip }, () => {
  const openBefore = openFds();

  before(async () => {
    hostNetwork.makeNamespace(pod);
    hostNetwork.makeNamespace(peer);
    const batch = [
      `link add eth0 mtu 1400 type veth peer name peer0 netns ${peer}`,
      `addr add ${POD}/24 dev eth0`,
      "addr add fd13::2/64 dev eth0 nodad",
      "link set eth0 up",
      `route add default via ${PEER} dev eth0`,
      `route add 10.99.0.0/16 via 10.98.0.1 dev eth0 onlink metric 7 src ${POD}`,
      "route add default via fd13::1 dev eth0",
    ];
    await runInNamespace(pod, ["ip", "-batch", "-"], { input: `${batch.join("\n")}\n` });
    const other = `addr add ${PEER}/24 dev peer0\nlink set peer0 up\n`;
    await runInNamespace(peer, ["ip", "-batch", "-"], { input: other });
  });

  after(async () => {
    hostNetwork.removeNamespace(pod);
    hostNetwork.removeNamespace(peer);
    rmSync(directory, { recursive: true });
    assert.deepEqual(await leakedFds(openBefore), []);
  });

  it("is found with addresses, routes and MTU, and we are still where we were", async () => {
    const { name, mtu, macAddress, addresses, routes } = await links();
    assert.deepEqual([name, mtu], ["eth0", 1400]);
    assert.match(macAddress, /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
    assert.deepEqual(addresses, [
      { address: POD, prefixLength: 24 },
      { address: "fd13::2", prefixLength: 64 },
    ]);
    assert.deepEqual(routes, [
      { destination: "0.0.0.0/0", nextHop: PEER, metric: 0, source: "" },
      { destination: "10.99.0.0/16", nextHop: "10.98.0.1", metric: 7, source: POD },
      { destination: "::/0", nextHop: "fd13::1", metric: 1024, source: "" },
    ]);
    assert.equal(readlinkSync("/proc/thread-self/ns/net"), own);
  });

  it("sends its frames to the tap and the tap's to its peer, until it is left", async () => {
    const link = await links();
    const tap = await hostNetwork.joinTap(pod, link);
    setNonBlocking(tap, true);
    assert.match(
      await runInNamespace(pod, ["ip", "link", "show", `uvmtap${link.index}`]),
      /mtu 1400 .*LOWER_UP|LOWER_UP.* mtu 1400/,
    );
    assert.deepEqual(await links(), link, "the tap is none of the pod's links, and the link is as it was");

    const asking = runInNamespace(peer, [...ping, POD]).catch(() => "");
    const request = await nextArp(tap);
    assert.equal(request.subarray(38, 42).join("."), POD);
    const mac = Buffer.from("02aabbccddee", "hex");
    write(tap, arpReply(request, mac));
    await until("the peer knows us", async () =>
      /02:aa:bb:cc:dd:ee/.test(await runInNamespace(peer, ["ip", "neigh", "show", "dev", "peer0"])),
    );
    await asking;

    await hostNetwork.leaveTap(pod, link);
    close(tap);
    await runInNamespace(peer, ["ip", "neigh", "flush", "dev", "peer0"]);
    // The host's own stack has the link back.
    assert.match(await runInNamespace(peer, [...ping, POD]), /1 packets received/);
    await assert.rejects(runInNamespace(pod, ["ip", "link", "show", `uvmtap${link.index}`]), (error) =>
      isKind(error, "not-found"),
    );
    await assert.rejects(hostNetwork.leaveTap(pod, link), (error) => isKind(error, "not-found"));
  });

  it("leaves no tap behind where it cannot be joined", async () => {
    const link = await links();
    await assert.rejects(hostNetwork.joinTap(pod, { ...link, name: "eth7" }), /eth7/);
    assert.doesNotMatch(await runInNamespace(pod, ["ip", "link"]), /uvmtap/);
  });

  it("is not-found with its namespace", async () => {
    await assert.rejects(hostNetwork.links(join(directory, "none")), (error) => isKind(error, "not-found"));
    const path = join(directory, "gone");
    hostNetwork.makeNamespace(path);
    hostNetwork.removeNamespace(path);
    hostNetwork.removeNamespace(path);
    await assert.rejects(hostNetwork.links(path), (error) => isKind(error, "not-found"));
  });

  it("is one namespace by any of its paths", () => {
    assert.equal(hostNetwork.identify("/proc/self/ns/net"), hostNetwork.identify("/proc/thread-self/ns/net"));
    assert.notEqual(hostNetwork.identify(pod), hostNetwork.identify(peer));
    assert.throws(
      () => hostNetwork.identify(join(directory, "none")),
      (error) => isKind(error, "not-found"),
    );
  });

  it("gives up when it is told to", async () => {
    const signal = AbortSignal.abort(new ShimError("canceled", "no more"));
    await assert.rejects(hostNetwork.links(pod, { signal }), /no more/);
  });
});
