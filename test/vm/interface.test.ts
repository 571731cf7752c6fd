/** nerdbox's interface `vm`, each rule of its text, on one VM of the library with a real guest. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { type ErrorKind, isKind } from "../../src/errors/shim-error.ts";
import { Mount } from "../../src/generated/containerd/vminitd/services/mount/v1.ts";
import { System } from "../../src/generated/containerd/vminitd/services/system/v1.ts";
import { Streams } from "../../src/generated/uvmshim/agent/v1.ts";
import type { ByteStream } from "../../src/sys/byte-stream.ts";
import type { Instance } from "../../src/vm/instance.ts";
import { until } from "../harness/until.ts";
import { notBootable } from "../qemu/uvm.ts";
import { sparseVmdk } from "./sparse-vmdk.ts";
import { readToEnd, remains, run, sh, VmBase } from "./vm.ts";

const rejects = (call: Promise<unknown>, kind: ErrorKind, message: RegExp): Promise<void> =>
  assert.rejects(call, (error) => (isKind(error, kind) && message.test(String(error))) || assert.fail(String(error)));
const throws = (call: () => unknown, kind: ErrorKind, message: RegExp): void =>
  assert.throws(call, (error) => (isKind(error, kind) && message.test(String(error))) || assert.fail(String(error)));

const MIB = 1024 * 1024;
const SECTOR = 512;
const sectors = (text: string): Buffer => Buffer.from(text.padEnd(SECTOR, "."));

function sectorOf(path: string, sector: number): string {
  return readFileSync(path)
    .subarray(sector * SECTOR, (sector + 1) * SECTOR)
    .toString()
    .replace(/\.*$/, "");
}

/** Writes so many bytes that differ all along, then ends its half; answers their digest. */
async function pump(stream: ByteStream, total: number, drained: () => Promise<void>): Promise<string> {
  const hash = createHash("sha256");
  const block = randomBytes(256 * 1024);
  for (let sent = 0; sent < total; sent += block.length) {
    block.writeUInt32BE(sent, 0);
    const chunk = Buffer.from(block);
    hash.update(chunk);
    if (!stream.write(chunk)) await drained();
  }
  stream.end();
  return hash.digest("hex");
}

/** Through the guest and back: sends `total` bytes and reads the same until its end. */
async function echo(instance: Instance, id: string, total: number): Promise<bigint> {
  const stream = await instance.startStream(id);
  const echoed = instance.client().service(Streams).echo({ streamId: id });
  const hash = createHash("sha256");
  let room = (): void => {};
  let received = 0;
  const ended = new Promise<string>((done, fail) => {
    stream.open({
      data(chunk) {
        hash.update(chunk);
        received += chunk.length;
      },
      end: () => done(hash.digest("hex")),
      drain: () => room(),
      close: (error) => fail(error ?? new Error(`closed after ${received} bytes`)),
    });
  });
  const drained = (): Promise<void> =>
    new Promise((next) => {
      room = next;
    });
  const [sent, back] = await Promise.all([pump(stream, total, drained), ended]);
  assert.equal(back, sent);
  return (await echoed).bytes;
}

describe("a VM through nerdbox's interface", { skip: notBootable() ?? false, timeout: 1_800_000 }, () => {
  const base = new VmBase();
  const consoled: Buffer[] = [];
  let state = "";
  let instance: Instance;
  let early: Promise<ByteStream>;

  before(async () => {
    state = base.state();
    for (const name of ["files", "sources"]) {
      mkdirSync(base.path(name));
      writeFileSync(base.path(`${name}/hello`), `hello from ${name}`);
    }
    writeFileSync(base.path("first.img"), Buffer.concat([sectors("the first disk"), Buffer.alloc(MIB)]));
    writeFileSync(base.path("second.img"), Buffer.concat([sectors("the second disk"), Buffer.alloc(MIB)]));
    // Two files in a row, the first from its second sector on, and a sparse one behind them.
    const [a, b] = [Buffer.alloc(65 * SECTOR), Buffer.alloc(64 * SECTOR)];
    a.set(sectors("extent a"), SECTOR);
    b.set(sectors("extent b"));
    writeFileSync(base.path("a.img"), a);
    writeFileSync(base.path("b.img"), b);
    writeFileSync(base.path("c.vmdk"), sparseVmdk(128, new Map([[0, sectors("extent c")]])));
    const extents = ['RW 64 FLAT "a.img" 1', `RW 64 FLAT "${base.path("b.img")}" 0`, 'RW 128 SPARSE "c.vmdk"'];
    const head = '# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType="twoGbMaxExtentSparse"\n';
    writeFileSync(base.path("extents.vmdk"), `${head}${extents.join("\n")}\n`);
    writeFileSync(base.path("sparse.vmdk"), sparseVmdk(2048, new Map([[3, sectors("grain three")]])));

    instance = await base.manager().newInstance(state);
    instance.setCPUAndMemory(2, 320);
    instance.addFS("files", base.path("files"));
    instance.addFS("sources", base.path("sources"), { readonly: true });
    instance.addDisk("second", base.path("second.img"), { readonly: true });
    instance.addDisk("first", base.path("first.img"));
    instance.addDisk("extents", base.path("extents.vmdk"), { vmdk: true });
    instance.addDisk("sparse", base.path("sparse.vmdk"), { vmdk: true });
    early = instance.startStream("early");
    early.catch(() => undefined);
    throws(() => instance.client(), "failed-precondition", /is configuring; cannot have a client: start it first/);
    const consoleWriter = { write: (bytes: Uint8Array) => consoled.push(Buffer.from(bytes)) };
    const starting = instance.start({ initArgs: ["-debug"], consoleWriter });
    await rejects(instance.start(), "failed-precondition", /is starting; cannot start/);
    throws(() => instance.addDisk("late", "/x"), "failed-precondition", /is starting; cannot configure/);
    await starting;
  });
  after(async () => {
    await instance?.shutdown();
    base.remove();
  });

  // First: a stream that nobody claims for two minutes ends.
  it("opens a stream that was asked for before it ran, and refuses an id in use", async () => {
    const stream = await early;
    await rejects(instance.startStream("early"), "failed-precondition", /refused stream "early".*waits already/);
    const echoed = instance.client().service(Streams).echo({ streamId: "early" });
    const answer = readToEnd(stream);
    stream.write(Buffer.from("asked for early"));
    stream.end();
    assert.equal((await answer).toString(), "asked for early");
    assert.equal((await echoed).bytes, 15n);
    const [one, other] = await Promise.allSettled([instance.startStream("twin"), instance.startStream("twin")]);
    assert.equal(one.status, "fulfilled");
    assert.ok(other.status === "rejected" && isKind(other.reason, "already-exists"));
    one.value.destroy();
    await rejects(instance.startStream(""), "invalid-argument", /0 bytes/);
    await rejects(instance.startStream("x".repeat(1025)), "invalid-argument", /1025 bytes/);
    await rejects(instance.startStream("y", { signal: AbortSignal.abort() }), "canceled", /aborted/);
  });

  it("has a client of the agent after its start, which all share", async () => {
    const client = instance.client();
    assert.equal(instance.client(), client);
    const [{ kernelVersion }, again] = await Promise.all([
      client.service(System).info({}),
      instance.client().service(System).info({}),
    ]);
    assert.match(kernelVersion, /^Linux version \d/);
    assert.deepEqual(again.kernelVersion, kernelVersion);
  });

  it("has the processors and memory asked for", async () => {
    assert.equal(await run(instance, "nproc"), "2");
    const kib = Number(await run(instance, "sed -n 's/^MemTotal: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo"));
    assert.ok(kib > 200 * 1024 && kib <= 320 * 1024, `${kib} KiB`);
  });

  it("copies the console to the writer from the first byte, and takes init arguments", async () => {
    const text = (): string => Buffer.concat(consoled).toString();
    await until("the guest's first lines", () => text().includes("uvm: initramfs"));
    assert.match(text().slice(0, 200), /SeaBIOS/);
    assert.match(await run(instance, "cat /proc/cmdline"), / uvm\.agent -- -debug$/);
    await run(instance, "echo said aloud >/dev/console");
    await until("what was said aloud", () => text().includes("said aloud"));
  });

  it("mounts directories by tag, and writes only where it may", async () => {
    const mounts = ["files", "sources"].map((tag) => ({
      ...{ type: "virtiofs", source: tag, target: `/run/${tag}`, options: [] },
    }));
    await instance.client().service(Mount).mountAll({ mounts });
    assert.equal(await run(instance, "cat /run/files/hello /run/sources/hello"), "hello from fileshello from sources");
    await run(instance, "echo from the guest >/run/files/new");
    assert.equal(readFileSync(base.path("files/new"), "utf8"), "from the guest\n");
    const refused = await sh(instance, "echo x >/run/sources/new");
    assert.deepEqual([refused.code === 0, /Read-only/.test(refused.output)], [false, true], refused.output);
    writeFileSync(base.path("sources/later"), "later");
    assert.equal(await run(instance, "cat /run/sources/later"), "later");
  });

  it("finds its disks in order, by id, and writes only where it may", async () => {
    const ids = await run(instance, "for disk in vdb vdc vdd vde; do cat /sys/block/$disk/serial; echo; done");
    assert.equal(ids.replace(/\n+/g, " "), "second first extents sparse");
    assert.equal(await run(instance, "readlink -f /dev/disk/by-id/virtio-first"), "/dev/vdc");
    const head = (disk: string): Promise<string> => run(instance, `head -c 512 /dev/${disk} | tr -d .`);
    assert.deepEqual([await head("vdb"), await head("vdc")], ["the second disk", "the first disk"]);
    const write = "dd bs=512 count=1 conv=fsync,notrunc";
    await run(instance, `head -c 1024 /dev/zero | tr '\\0' w | ${write} of=/dev/vdc seek=1`);
    assert.equal(sectorOf(base.path("first.img"), 1), "w".repeat(SECTOR));
    const refused = await sh(instance, `${write} if=/dev/zero of=/dev/vdb`);
    assert.notEqual(refused.code, 0);
    assert.equal(sectorOf(base.path("second.img"), 0), "the second disk");
  });

  it("reads a VMDK of several extents and one that is sparse, and writes to it", async () => {
    const at = (disk: string, sector: number): Promise<string> =>
      run(instance, `dd bs=512 count=1 skip=${sector} if=/dev/${disk} 2>/dev/null | tr -d '.\\0'`);
    assert.equal(await run(instance, "cat /sys/block/vdd/size /sys/block/vde/size"), "256\n2048");
    assert.deepEqual(
      [await at("vdd", 0), await at("vdd", 64), await at("vdd", 128)],
      ["extent a", "extent b", "extent c"],
    );
    assert.deepEqual([await at("vde", 0), await at("vde", 3 * 128)], ["", "grain three"]);
    const write = (disk: string, sector: number, text: string): Promise<string> =>
      run(
        instance,
        `printf %-512s ${text} | tr ' ' . | dd bs=512 count=1 conv=fsync,notrunc of=/dev/${disk} seek=${sector} 2>&1`,
      );
    await write("vdd", 1, "a-written");
    await write("vdd", 65, "b-written");
    await write("vdd", 130, "c-written");
    await write("vde", 9 * 128 + 5, "grain-nine");
    assert.equal(sectorOf(base.path("a.img"), 2), "a-written");
    assert.equal(sectorOf(base.path("b.img"), 1), "b-written");
    assert.match(readFileSync(base.path("c.vmdk"), "latin1"), /c-written/);
    assert.match(readFileSync(base.path("sparse.vmdk"), "latin1"), /grain-nine/);
    await run(instance, "echo 3 >/proc/sys/vm/drop_caches");
    assert.deepEqual([await at("vdd", 65), await at("vde", 9 * 128 + 5)], ["b-written", "grain-nine"]);
  });

  it("is configured before its start alone, and started once", async () => {
    const refused = /is running; cannot configure: it is configured before its start, and started once/;
    throws(() => instance.setCPUAndMemory(1, 256), "failed-precondition", refused);
    throws(() => instance.addFS("more", base.path("files")), "failed-precondition", refused);
    throws(() => instance.addDisk("more", base.path("first.img")), "failed-precondition", refused);
    throws(() => instance.addNIC("/nic", "02:00:00:00:00:01", "unixgram"), "failed-precondition", refused);
    await rejects(instance.start(), "failed-precondition", /is running; cannot start: it is configured before/);
    await rejects(base.manager().newInstance(state), "already-exists", /holds an instance/);
  });

  // Many times what all buffers on the way hold, and as often the window.
  it("carries 16 MiB each way through streams intact, with half-closes", async () => {
    assert.equal(await echo(instance, "bulk", 16 * MIB), BigInt(16 * MIB));
  });

  it("has room for many streams at once, each its own", async () => {
    const count = 40;
    const opened = await Promise.all(Array.from({ length: count }, (_, n) => instance.startStream(`many-${n}`)));
    const service = instance.client().service(Streams);
    const echoes = opened.map(async (stream, n) => {
      const echoed = service.echo({ streamId: `many-${n}` });
      const answer = readToEnd(stream);
      const text = `stream ${n} `.repeat(1000 + n);
      stream.write(Buffer.from(text));
      stream.end();
      assert.equal((await answer).toString(), text);
      await echoed;
    });
    await Promise.all(echoes);
  });

  it("unmounts at its shutdown for any number of callers at once; nothing is left, nothing is possible after", async () => {
    const client = instance.client();
    await run(instance, "/usr/sbin/mke2fs -q -F /dev/vdc");
    const mounts = [
      { type: "virtiofs", source: "files", target: "/run/files", options: [] },
      { type: "ext4", source: "/dev/disk/by-id/virtio-first", target: "/run/disk", options: [] },
    ];
    await client.service(Mount).mountAll({ mounts });
    // The second is in the guest's memory alone, until it is unmounted.
    await run(instance, "echo last >/run/files/last; echo written at the last moment >/run/disk/note");
    const waiting = client.service(System).info({});
    await waiting;
    assert.ok(remains(state).length > 0);
    const calls = [instance.shutdown(), instance.shutdown(), instance.shutdown()];
    throws(() => instance.client(), "failed-precondition", /is shutting-down; cannot have a client: make a new one/);
    await rejects(instance.startStream("late"), "failed-precondition", /is shutting-down; cannot open a stream/);
    await Promise.all(calls);
    await instance.shutdown();
    assert.deepEqual(remains(state), []);
    assert.equal(readFileSync(base.path("files/last"), "utf8"), "last\n");
    assert.match(readFileSync(base.path("first.img"), "latin1"), /written at the last moment/);
    assert.doesNotMatch(base.logged.join(""), /has not unmounted all|virtiofsd has ended/);
    throws(() => instance.addFS("late", "/x"), "failed-precondition", /is shut-down; cannot configure/);
    await rejects(instance.start(), "failed-precondition", /is shut-down; cannot start: make a new one/);
    await rejects(instance.startStream("late"), "failed-precondition", /is shut-down; cannot open a stream/);
    throws(() => instance.client(), "failed-precondition", /is shut-down/);
    await assert.rejects(client.service(System).info({}), (error) => isKind(error, "unavailable"));
    await (await base.manager().newInstance(state)).shutdown();
  });
});
