import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { type ErrorKind, isKind } from "../../errors/shim-error.ts";
import { leakedFds, openFds } from "../../sys/fd-leaks.ts";
import { close, open } from "../../sys/libc.ts";
import { listXattrs, O_PATH, setXattr } from "../../sys/rooted.ts";
import { pack } from "./pack.ts";
import { BLOCK, encodeHeader, paddingOf, type TarEntry } from "./tar-format.ts";
import { unpack } from "./unpack.ts";

const { signal } = new AbortController();
const plain: TarEntry = {
  ...{ name: "", type: "file", mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 1_700_000_000, linkName: "" },
  ...{ device: { major: 0, minor: 0 }, xattrs: new Map() },
};

function archive(...entries: (Partial<TarEntry> & { readonly data?: string | Buffer })[]): Buffer {
  const parts = entries.flatMap(({ data = "", ...entry }) => {
    const bytes = Buffer.from(data);
    const header = encodeHeader({ ...plain, ...entry, size: bytes.length });
    return [header, bytes, Buffer.alloc(paddingOf(bytes.length))];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

/** In pieces that keep to no block. */
function source(bytes: Uint8Array, piece = 700) {
  let at = 0;
  return {
    async next() {
      if (at >= bytes.length) return undefined;
      at += piece;
      return bytes.subarray(at - piece, at);
    },
  };
}

describe("archives of a container's root file system", () => {
  let directory = "";
  let root = "";
  let outside = "";
  let fd = -1;
  let fds: ReturnType<typeof openFds>;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "uvm-archive-"));
    outside = join(directory, "outside");
    mkdirSync(outside);
    writeFileSync(join(outside, "secret"), "secret");
    // What the runtime keeps for its children is open after the first.
    execFileSync("true");
    fds = openFds();
  });
  beforeEach(() => {
    if (fd >= 0) close(fd);
    root = mkdtempSync(join(directory, "root-"));
    mkdirSync(join(root, "dst"));
    fd = open(root, O_PATH);
  });
  after(async () => {
    close(fd);
    assert.deepEqual(await leakedFds(fds), []);
    // Nothing here has ever got out.
    assert.deepEqual(execFileSync("ls", ["-A", outside]).toString(), "secret\n");
    assert.equal(readFileSync(join(outside, "secret"), "utf8"), "secret");
    rmSync(directory, { recursive: true });
  });

  const put = (bytes: Uint8Array, path = "/dst", preserveOwnership = false): Promise<void> =>
    unpack(source(bytes), fd, path, { preserveOwnership, mounts: [], signal });
  async function get(path: string, noWalk = false): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    const sink = {
      async put(bytes: Uint8Array) {
        parts.push(bytes);
        return true;
      },
    };
    await pack(sink, fd, path, { noWalk, mounts: [], signal });
    return Buffer.concat(parts);
  }
  const refused = (kind: ErrorKind, says: RegExp) => (error: unknown) => {
    assert.ok(isKind(error, kind), String(error));
    assert.match(String(error), says);
    return true;
  };
  const tar = (args: string[], input?: Buffer): Buffer =>
    execFileSync("tar", args, { input, stdio: "pipe", maxBuffer: 16 << 20 });

  it("takes what GNU tar packs: long names, links, modes, owners, attributes, large files", async () => {
    const from = join(directory, "from");
    const long = `deep/${"n".repeat(120)}/${"x".repeat(150)}`;
    mkdirSync(join(from, "deep", "n".repeat(120)), { recursive: true });
    writeFileSync(join(from, long), "long");
    writeFileSync(join(from, "big"), Buffer.alloc(3_000_000, "big"));
    writeFileSync(join(from, "tool"), "#!/bin/sh\n");
    chmodSync(join(from, "tool"), 0o4755);
    chownSync(join(from, "tool"), 1234, 3_000_000);
    setXattr(Buffer.from(join(from, "tool")), "user.note", Buffer.of(0, 255, 61));
    linkSync(join(from, "tool"), join(from, "also"));
    symlinkSync("/etc/passwd", join(from, "link"));
    for (const format of ["gnu", "pax"]) {
      const bytes = tar(["-C", from, `--format=${format}`, ...(format === "pax" ? ["--xattrs"] : []), "-c", "."]);
      await put(bytes, `/${format}/new`, true);
      const to = join(root, format, "new");
      assert.equal(readFileSync(join(to, long), "utf8"), "long");
      assert.ok(readFileSync(join(to, "big")).equals(readFileSync(join(from, "big"))));
      const { mode, uid, gid, ino, mtimeMs } = statSync(join(to, "tool"));
      const wanted = statSync(join(from, "tool"));
      assert.deepEqual([mode, uid, gid], [wanted.mode, 1234, 3_000_000]);
      assert.ok(Math.abs(mtimeMs - wanted.mtimeMs) < 1001);
      assert.equal(statSync(join(to, "also")).ino, ino);
      assert.equal(readlinkSync(join(to, "link")), "/etc/passwd");
      if (format === "pax") {
        const notes = listXattrs(Buffer.from(join(to, "tool")));
        assert.deepEqual(notes.get("user.note"), listXattrs(Buffer.from(join(from, "tool"))).get("user.note"));
      }
      await put(bytes, `/${format}/roots`);
      const unowned = statSync(join(root, format, "roots/tool"));
      assert.deepEqual([unowned.mode & 0o7777, unowned.uid, unowned.gid], [0o755, 0, 0]);
    }
  });

  it("packs what GNU tar takes", async () => {
    const from = join(root, "a/tree");
    mkdirSync(join(from, "sub", "y".repeat(140)), { recursive: true });
    writeFileSync(join(from, "sub", "y".repeat(140), "file"), "data");
    writeFileSync(join(from, "ü"), Buffer.alloc(200_000, "ab"));
    chownSync(join(from, "ü"), 7, 4_000_000);
    symlinkSync("../x", join(from, "link"));
    execFileSync("mkfifo", [join(from, "fifo")]);
    const bytes = await get("/a/../a/tree/");
    const to = join(directory, "to");
    mkdirSync(to);
    tar(["-C", to, "-xp"], bytes);
    assert.equal(readFileSync(join(to, "tree/sub", "y".repeat(140), "file"), "utf8"), "data");
    assert.ok(readFileSync(join(to, "tree/ü")).equals(Buffer.alloc(200_000, "ab")));
    assert.equal(statSync(join(to, "tree/ü")).gid, 4_000_000);
    assert.equal(readlinkSync(join(to, "tree/link")), "../x");
    assert.ok(lstatSync(join(to, "tree/fifo")).isFIFO());
    assert.deepEqual(tar(["-t"], await get("/a/tree", true)).toString(), "tree/\n");
    assert.deepEqual(
      tar(["-t"], await get("/"))
        .toString()
        .split("\n")
        .slice(0, 1),
      ["./"],
    );
  });

  it("carries its own archives both ways, bytes in names and attributes included", async () => {
    const name = Buffer.concat([Buffer.from(`${root}/dst/`), Buffer.of(0xff, 0x41)]);
    writeFileSync(name, "odd");
    setXattr(name, "user.bin", Buffer.of(0, 10, 255));
    await put(await get("/dst"), "/copy");
    const copied = Buffer.concat([Buffer.from(`${root}/copy/dst/`), Buffer.of(0xff, 0x41)]);
    assert.equal(readFileSync(copied, "utf8"), "odd");
    assert.deepEqual(listXattrs(copied).get("user.bin"), listXattrs(name).get("user.bin"));
  });

  it("replaces files and links, and keeps directories", async () => {
    writeFileSync(join(root, "dst/file"), "old and long");
    symlinkSync(join(outside, "secret"), join(root, "dst/link"));
    mkdirSync(join(root, "dst/keep"));
    writeFileSync(join(root, "dst/keep/inside"), "kept");
    await put(
      archive({ name: "file", data: "new" }, { name: "link", data: "mine" }, { name: "keep/", type: "directory" }),
    );
    assert.equal(readFileSync(join(root, "dst/file"), "utf8"), "new");
    assert.ok(lstatSync(join(root, "dst/link")).isFile());
    assert.equal(readFileSync(join(root, "dst/keep/inside"), "utf8"), "kept");
    await assert.rejects(put(archive({ name: "keep", data: "x" })), refused("already-exists", /keep.* is a directory/));
    await assert.rejects(put(archive({ name: "file/", type: "directory" })), refused("already-exists", /another kind/));
  });

  it("does not leave through names", async () => {
    for (const name of ["../escaped", "a/../../escaped", "/../escaped"]) {
      await assert.rejects(put(archive({ name, data: "x" })), refused("invalid-argument", /leads upward/));
    }
    await put(archive({ name: "/absolute", data: "x" }));
    assert.ok(existsSync(join(root, "dst/absolute")));
    assert.ok(!existsSync("/absolute") && !existsSync(join(root, "escaped")));
  });

  it("does not leave through links of the archive's own", async () => {
    for (const linkName of [outside, "..", "../..", "/", "/proc/self/root"]) {
      const bytes = archive({ name: "l", type: "symlink", linkName }, { name: "l/pwned", data: "x" });
      await assert.rejects(put(bytes), refused("permission-denied", /leads (out|through)/));
      assert.ok(lstatSync(join(root, "dst/l")).isSymbolicLink());
    }
    assert.deepEqual(execFileSync("ls", ["-A", root]).toString(), "dst\n");
  });

  it("does not leave through links that the container has made", async () => {
    symlinkSync(outside, join(root, "evil"));
    symlinkSync(outside, join(root, "dst/evil"));
    // As the container sees it, where it unpacks to is a path of its own.
    await put(archive({ name: "x", data: "x" }), "/evil").catch(() => {});
    await assert.rejects(put(archive({ name: "evil/x", data: "x" })), refused("permission-denied", /leads out/));
    const bytes = archive({ name: "evil/", type: "directory" });
    await assert.rejects(put(bytes), refused("already-exists", /another kind/));
    await assert.rejects(get("/evil/secret"), refused("not-found", /does not exist/));
    await assert.rejects(get("/dst/evil/secret"), refused("not-found", /does not exist/));
    assert.equal(
      tar(["-tv"], await get("/dst/evil"))
        .toString()
        .startsWith("l"),
      true,
    );
  });

  it("does not leave through hard links", async () => {
    const targets = [
      ["../../outside/secret", "invalid-argument"],
      [join(outside, "secret"), "not-found"],
    ] as const;
    for (const [linkName, kind] of targets) {
      await assert.rejects(put(archive({ name: "h", type: "link", linkName })), refused(kind, /upward|does not exist/));
    }
    symlinkSync(outside, join(root, "dst/up"));
    const bytes = archive({ name: "h", type: "link", linkName: "up/secret" });
    await assert.rejects(put(bytes), refused("permission-denied", /leads out/));
    assert.ok(!existsSync(join(root, "dst/h")));
  });

  it("follows the container's absolute links where it unpacks into its root", async () => {
    mkdirSync(join(root, "run"));
    mkdirSync(join(root, "var"));
    symlinkSync("/run", join(root, "var/run"));
    await put(archive({ name: "var/run/x", data: "x" }), "/");
    assert.ok(existsSync(join(root, "run/x")));
    await put(archive({ name: "y", data: "y" }), "/var/run");
    assert.ok(existsSync(join(root, "run/y")));
  });

  it("makes no devices, and writes into none", async () => {
    for (const type of ["char", "block"] as const) {
      const bytes = archive({ name: "d", type, device: { major: 1, minor: 3 } });
      await assert.rejects(put(bytes, "/dst", true), refused("permission-denied", /device/));
    }
    execFileSync("mknod", [join(root, "dst/null"), "c", "1", "3"]);
    execFileSync("mkfifo", [join(root, "dst/fifo")]);
    await put(archive({ name: "null", data: "x" }, { name: "fifo", data: "y" }));
    assert.ok(lstatSync(join(root, "dst/null")).isFile() && lstatSync(join(root, "dst/fifo")).isFile());
  });

  it("gives rights and attributes to what it has made, whatever stands under the name by then", async () => {
    const capability = Buffer.from("0100000200040000000000000000000000000000", "hex");
    const bytes = archive({
      ...{ name: "f", mode: 0o6755, data: "x".repeat(2000) },
      xattrs: new Map([["security.capability", capability]]),
    });
    writeFileSync(join(root, "dst/own"), "the container's", { mode: 0o700 });
    const reader = source(bytes);
    let swapped = false;
    const swapping = {
      async next() {
        if (!swapped && existsSync(join(root, "dst/f"))) {
          swapped = true;
          renameSync(join(root, "dst/own"), join(root, "dst/f"));
        }
        return await reader.next();
      },
    };
    await unpack(swapping, fd, "/dst", { preserveOwnership: true, mounts: [], signal });
    assert.ok(swapped);
    assert.equal(readFileSync(join(root, "dst/f"), "utf8"), "the container's");
    assert.equal(statSync(join(root, "dst/f")).mode & 0o7777, 0o700);
    assert.deepEqual([...listXattrs(Buffer.from(join(root, "dst/f"))).keys()], []);
  });

  it("names FIFOs by their bytes, as it does files", async () => {
    await put(archive({ name: "f\xff", data: "x" }, { name: "p\xff", type: "fifo" }));
    const names = readdirSync(join(root, "dst"), { encoding: "buffer" }).map((name) => name.toString("latin1"));
    assert.deepEqual(names.sort(), ["f\xff", "p\xff"]);
  });

  it("refuses a path that no file can have", async () => {
    for (const path of ["/dst\0/x", "dst\0"]) {
      await assert.rejects(put(archive(), path), refused("invalid-argument", /has a NUL/));
      await assert.rejects(get(path), refused("invalid-argument", /has a NUL/));
    }
    assert.deepEqual(readdirSync(join(root, "dst")), []);
  });

  it("refuses what is on a mount, by whatever name", async () => {
    mkdirSync(join(root, "run/sub"), { recursive: true });
    mkdirSync(join(root, "etc"));
    writeFileSync(join(root, "run/sub/hidden"), "hidden");
    symlinkSync("/run", join(root, "var"));
    const options = { mounts: ["/var/sub/", "/etc/hosts", "/"], preserveOwnership: false, noWalk: false, signal };
    const sink = { put: async () => true };
    const put = (path: string, name: string) => unpack(source(archive({ name })), fd, path, options);
    const onMount = refused("failed-precondition", /is on the container's mount \/(run\/sub|etc\/hosts)/);
    for (const [path, name] of [
      ...[
        ["/var/sub", "a"],
        ["/run/sub/new/deep", "a"],
        ["/var/sub/../sub", "a"],
      ],
      ...[
        ["/", "var/sub/a"],
        ["/run", "sub/a"],
        ["/etc", "hosts"],
        ["/", "./etc/hosts"],
      ],
    ] as const) {
      await assert.rejects(put(path, name), onMount, `${name} in ${path}`);
    }
    for (const path of ["/var/sub/hidden", "/var/sub", "/etc/hosts"]) {
      await assert.rejects(pack(sink, fd, path, options), onMount, path);
    }
    assert.deepEqual(readdirSync(join(root, "run"), { recursive: true }), ["sub", "sub/hidden"]);
    assert.deepEqual(readdirSync(join(root, "etc")), []);
    for (const path of ["/var", "/run"]) await pack(sink, fd, path, options);
    await put("/run/sub2", "a");
    await put("/etc", "hosts2");
    await unpack(source(archive({ name: "run/sub/", type: "directory", mode: 0o755 })), fd, "/", options);
  });

  it("takes no attributes that belong to the file system, nor rights from a stranger", async () => {
    const xattrs = new Map([
      ["trusted.overlay.opaque", Buffer.from("y")],
      ["security.capability", Buffer.alloc(20, 1)],
    ]);
    await put(archive({ name: "f", xattrs }));
    assert.deepEqual([...listXattrs(Buffer.from(join(root, "dst/f"))).keys()], []);
  });

  const damaged: Record<string, [Buffer, ErrorKind, RegExp]> = {
    nothing: [Buffer.alloc(0), "data-loss", /ends early/],
    "no end": [archive({ name: "a", data: "b" }).subarray(0, 2 * BLOCK), "data-loss", /ends early/],
    "half a file": [archive({ name: "a", data: "b".repeat(5000) }).subarray(0, 2000), "data-loss", /ends early/],
    garbage: [Buffer.alloc(4096, "garbage"), "invalid-argument", /checksum|octal/],
    "an endless description": [
      encodeHeader({ ...plain, name: "x".repeat(2 << 20) }),
      "invalid-argument",
      /header of \d+ bytes/,
    ],
    "an endless row of descriptions": [
      Buffer.concat(Array.from({ length: 1200 }, () => [withFlag("x", 512), paxBlock()]).flat()),
      "invalid-argument",
      /header of 512 bytes; at most \d+ are read/,
    ],
    "an endless row of empty descriptions": [
      Buffer.concat(Array.from({ length: 2200 }, () => withFlag("x", 0))),
      "invalid-argument",
      /header of 0 bytes/,
    ],
    "of a name with a NUL": [withPath("a\0b"), "invalid-argument", /has a NUL/],
    "of an owner beyond 32 bits": [
      archive({ name: "a", data: "b", uid: 2 ** 33 }),
      "invalid-argument",
      /the uid 8589934592/,
    ],
    "of the owner that means none": [
      archive({ name: "a", gid: 2 ** 32 - 1 }),
      "invalid-argument",
      /the gid 4294967295/,
    ],
    "an unknown kind": [withFlag("S"), "unimplemented", /type "S"/],
    "a malformed pax header": [Buffer.concat([withFlag("x", 5), Buffer.alloc(BLOCK, "9")]), "invalid-argument", /pax/],
  };
  for (const [what, [bytes, kind, says]] of Object.entries(damaged)) {
    it(`refuses an archive that is ${what}`, async () => {
      await assert.rejects(put(bytes), refused(kind, says));
      assert.ok(!existsSync(join(root, "dst/a")) || readFileSync(join(root, "dst/a"), "utf8") === "b");
    });
  }

  const unusable: Record<string, Partial<TarEntry>> = {
    "a link that leads nowhere": { type: "symlink", linkName: "" },
    "a link with a NUL": { type: "symlink", linkName: "a\0b" },
    "a link that is too long": { type: "symlink", linkName: "x".repeat(5000) },
    "an attribute without a name": { xattrs: new Map([["user.", Buffer.of(1)]]) },
    "an attribute with a long name": { xattrs: new Map([[`user.${"x".repeat(300)}`, Buffer.of(1)]]) },
    "an attribute with a long value": { xattrs: new Map([["user.a", Buffer.alloc(100_000, 1)]]) },
    "an attribute with a NUL": { xattrs: new Map([["user.a\0b", Buffer.of(1)]]) },
    "capabilities that are none": { xattrs: new Map([["security.capability", Buffer.of(1)]]) },
    "a name that is too long": { name: "x".repeat(300) },
  };
  for (const [what, entry] of Object.entries(unusable)) {
    it(`says that it was given ${what}`, async () => {
      await assert.rejects(
        put(archive({ name: "a", ...entry }), "/dst", true),
        refused("invalid-argument", /"(a|x+)"/),
      );
      assert.deepEqual(readdirSync(join(root, "dst")), []);
    });
  }

  it("stops when it is told to", async () => {
    const abort = new AbortController();
    const first = archive({ name: "a", data: "b".repeat(1500) });
    const stalled = {
      async next() {
        abort.abort(new Error("enough"));
        return first;
      },
    };
    await assert.rejects(
      unpack(stalled, fd, "/dst", { preserveOwnership: false, mounts: [], signal: abort.signal }),
      /enough/,
    );
    assert.ok(!existsSync(join(root, "dst/a")));
  });
});

/** A header of that type, with its sum. */
function withFlag(flag: string, size = 0): Buffer {
  const bytes = encodeHeader({ ...plain, name: "a", size });
  bytes.write(flag, 156, "latin1");
  bytes.fill(0x20, 148, 156);
  const sum = bytes.reduce((all, byte) => all + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return bytes;
}

/** A record of a pax header, padded with a comment to a whole block. */
function paxBlock(): Buffer {
  const record = `512 comment=${"c".repeat(512 - 13)}\n`;
  return Buffer.from(record);
}

/** An archive of one empty file whose name stands in a pax header. */
function withPath(path: string): Buffer {
  const record = Buffer.from(`${8 + path.length + 1} path=${path}\n`, "latin1");
  return Buffer.concat([
    ...[withFlag("x", record.length), record, Buffer.alloc(paddingOf(record.length))],
    archive({ name: "other" }),
  ]);
}
