/** Adapters in both framings, with and without vfkit's greeting; and the crash of their VM, which is the last of them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isKind } from "../../src/errors/shim-error.ts";
import { Machine } from "../../src/generated/uvmshim/agent/v1.ts";
import type { Instance } from "../../src/vm/instance.ts";
import { nicFeatures, nicFlags } from "../../src/vm/nic-options.ts";
import type { NetworkMode } from "../../src/vm/options.ts";
import { readVmProcesses } from "../../src/vmmanager/vm-processes.ts";
import { until } from "../harness/until.ts";
import { notBootable } from "../qemu/uvm.ts";
import { datagramPeer, type FramePeer, pong, streamPeer } from "./frame-peer.ts";
import { readToEnd, remains, run, VmBase } from "./vm.ts";

interface Wire {
  readonly title: string;
  readonly mode: NetworkMode;
  readonly greeted: boolean;
  readonly features?: number;
}

const wires: readonly Wire[] = [
  { title: "carries frames both ways in unixgram's framing", mode: "unixgram", greeted: false },
  {
    ...{ title: "carries frames both ways in unixgram's framing after vfkit's greeting", mode: "unixgram" },
    ...{ greeted: true, features: nicFeatures.status },
  },
  {
    ...{ title: "carries frames both ways in unixstream's framing", mode: "unixstream" },
    ...{ greeted: false, features: nicFeatures.mac | nicFeatures.controlQueue },
  },
  {
    ...{ title: "carries frames both ways in unixstream's framing after vfkit's greeting", mode: "unixstream" },
    greeted: true,
  },
];
const FIRST_SLOT = 12;

describe("NICs", { skip: notBootable() ?? false, timeout: 1_800_000 }, () => {
  const base = new VmBase();
  const peers: FramePeer[] = [];
  let state = "";
  let instance: Instance;

  before(async () => {
    state = base.state();
    instance = await base.manager().newInstance(state);
    const initArgs: string[] = [];
    for (const [n, { mode, greeted, features }] of wires.entries()) {
      const endpoint = base.path(`peer${n}.sock`);
      const local = join(state, "vm", `nic-${FIRST_SLOT + n}.sock`);
      peers.push(mode === "unixgram" ? datagramPeer(endpoint, local) : await streamPeer(endpoint, greeted));
      const flags = greeted ? nicFlags.vfkit : 0;
      instance.addNIC(endpoint, `02:00:00:00:00:0${n}`, mode, { flags, ...(features !== undefined && { features }) });
      initArgs.push(`-network=mac=02:00:00:00:00:0${n},addr=10.99.${n}.2/24`);
    }
    instance.addFS("files", base.make("files"));
    await instance.start({ initArgs });
  });
  after(async () => {
    await instance?.shutdown();
    for (const peer of peers) peer.close();
    base.remove();
  });

  for (const [n, { title, greeted }] of wires.entries()) {
    it(title, async () => {
      const peer = peers[n];
      assert.ok(peer);
      const link = await run(instance, `grep -l 02:00:00:00:00:0${n} /sys/class/net/*/address | cut -d/ -f5`);
      await run(instance, `/usr/sbin/ip neigh replace 10.99.${n}.1 lladdr 02:00:00:00:01:00 dev ${link}`);
      await run(instance, `busybox ping -c 5 -W 60 10.99.${n}.1`);
      // As many as were answered: none was lost, or it would have been asked for a minute.
      assert.ok(peer.pings >= 5, `${peer.pings} pings`);
      assert.equal(peer.greeting, greeted ? "VFKT" : "");
      const large = await run(instance, `busybox ping -c 1 -W 60 -s 1400 10.99.${n}.1`);
      assert.match(large, /1408 bytes from/);
    });
  }

  it("have the features that were asked for, and no offloads", async () => {
    const bits = async (n: number): Promise<string> =>
      run(instance, `cat $(dirname $(grep -l 02:00:00:00:00:0${n} /sys/class/net/*/address))/device/features`);
    const has = (text: string, bit: number): boolean => text[bit] === "1";
    const [all, status, queue] = [await bits(0), await bits(1), await bits(2)];
    assert.deepEqual(
      [5, 15, 16, 17, 18, 23].map((bit) => has(all, bit)),
      [true, true, true, true, true, true],
    );
    assert.deepEqual(
      [15, 16, 17].map((bit) => has(status, bit)),
      [false, true, false],
    );
    assert.deepEqual(
      [15, 16, 17, 18].map((bit) => has(queue, bit)),
      [false, false, true, false],
    );
    for (const text of [all, status, queue])
      assert.deepEqual(
        [0, 1, 7, 11].filter((bit) => has(text, bit)),
        [],
      );
  });

  it("a VM that crashes ends its calls and streams with why; its shutdown still clears up", async () => {
    const stream = await instance.startStream("stdout");
    const ended = readToEnd(stream);
    const args = ["/usr/bin/busybox", "sh", "-c", "echo runs; sleep 600"];
    const call = instance.client().service(Machine).run({ args, stdin: "", stdout: "stdout", stderr: "" });
    const client = instance.client();
    const settled = Promise.allSettled([ended, call]);
    const qemu = readVmProcesses(join(state, "vm")).find(({ what }) => what === "qemu");
    assert.ok(qemu);
    await run(instance, "true");
    process.kill(qemu.pid, "SIGKILL");
    const [end, called] = await settled;
    const why = /has ended: QEMU was killed \(SIGKILL\)/;
    assert.ok(end.status === "rejected" && called.status === "rejected");
    assert.match(String(end.reason), why);
    assert.ok(isKind(called.reason, "unavailable"), String(called.reason));
    assert.match(`${called.reason} ${called.reason.cause}`, why);
    await until("the instance knows", () => {
      try {
        instance.client();
        return false;
      } catch (error) {
        return why.test(String(error));
      }
    });
    await assert.rejects(
      instance.startStream("late"),
      (error) => isKind(error, "failed-precondition") && why.test(String(error)),
    );
    await client.closed();
    await Promise.all([instance.shutdown(), instance.shutdown()]);
    assert.deepEqual(remains(state), []);
  });
});

describe("the peer of the tests", () => {
  it("answers pings alone, to who sent them", () => {
    const ping = Buffer.alloc(60);
    ping.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]);
    ping[23] = 1;
    ping.set([10, 0, 0, 2, 10, 0, 0, 1, 8, 0, 0xf7, 0xff], 26);
    const answer = pong(ping);
    assert.deepEqual(answer?.subarray(0, 12), Buffer.from([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1]));
    assert.deepEqual(answer?.subarray(26, 38), Buffer.from([10, 0, 0, 1, 10, 0, 0, 2, 0, 0, 0xff, 0xff]));
    ping[34] = 0;
    assert.equal(pong(ping), undefined);
    assert.equal(pong(Buffer.alloc(60)), undefined);
  });
});
