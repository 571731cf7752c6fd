import assert from "node:assert/strict";
import { ShimError } from "../../../src/errors/shim-error.ts";
import { entryParts } from "../../../src/gcs/archive/places.ts";
import { BLOCK, encodeHeader, paddingOf, type TarEntry } from "../../../src/gcs/archive/tar-format.ts";
import { TarReader } from "../../../src/gcs/archive/tar-reader.ts";
import { cut, type Damage, damageBytes, joined } from "../damage.ts";
import { Random } from "../random.ts";
import type { Target } from "../target.ts";

/** Offset and length of a header's fields. */
const fields = [
  [0, 100],
  [100, 8],
  [108, 8],
  [116, 8],
  [124, 12],
  [136, 12],
  [156, 1],
  [157, 100],
  [329, 8],
  [345, 155],
];
const contents = [
  "00000000000",
  "77777777777",
  "99",
  "a\0b",
  "../x",
  "x/".repeat(60),
  "\xff\xff\xff\xff\xff\xff\xff\xff",
].concat(["\x80\0\0\0\0\0\0\0\0\0\0\x01", "\x80\x7f\xff\xff\xff\xff\xff\xff", "x", "g", "L", "K", "S", "5", " ", ""]);

/** A header's field is changed and the checksum made right again, as no archive gets by a wrong one. */
const damageHeader: Damage = (dice, input) => {
  const bytes = Buffer.from(input);
  const headers = Array.from({ length: Math.floor(bytes.length / BLOCK) }, (_, i) => i * BLOCK).filter(
    (at) => bytes.toString("latin1", at + 257, at + 262) === "ustar",
  );
  if (headers.length === 0) return bytes;
  const at = dice.pick(headers);
  const [start = 0, length = 1] = dice.pick(fields);
  const field = bytes.subarray(at + start, at + start + length);
  if (dice.chance(1 / 3)) field[dice.below(length)] = dice.below(256);
  else field.fill(0).write(dice.pick(contents), "latin1");
  const header = bytes.subarray(at, at + BLOCK);
  header.fill(0x20, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return new Uint8Array(bytes);
};

const damage: Damage = (dice, input, others) => {
  if (dice.chance(1 / 5)) return damageBytes(dice, input, others);
  const once = damageHeader(dice, input, others);
  return dice.chance(1 / 3) ? damageHeader(dice, once, others) : once;
};

const names = ["a", "a/b", "d/", "/x", "../x", `${"n".repeat(90)}/${"m".repeat(90)}`, "\xe9", "a\0b", "."];

function entry(dice: Random): Uint8Array {
  const data = new Uint8Array(dice.chance(1 / 2) ? dice.below(1500) : 0);
  const type = data.length > 0 ? "file" : dice.pick(["file", "directory", "symlink", "link", "fifo", "char"] as const);
  const xattrs = new Map(dice.chance(1 / 4) ? [["user.x", dice.bytes(dice.below(20))]] : []);
  const it: TarEntry = {
    ...{ name: dice.pick(names), type, mode: dice.below(0o10000), uid: dice.pick([0, 1000, 2 ** 31, 2 ** 33]), gid: 0 },
    ...{ size: data.length, mtime: dice.below(2 ** 31), linkName: dice.pick(names), xattrs },
    device: { major: 1, minor: 3 },
  };
  return joined(encodeHeader(it), data, new Uint8Array(paddingOf(data.length)));
}

/** An archive that comes into a container's root file system: its entries, and no more of it in memory than an entry's description. */
export function tar(): Target {
  return {
    name: "tar",
    weight: 6,
    damage,
    generate: (dice) =>
      joined(
        ...Array.from({ length: dice.below(5) }, () => entry(dice)),
        new Uint8Array(dice.chance(1 / 8) ? 0 : 2 * BLOCK),
      ),
    async run(input) {
      const chunks = cut(Random.from(input), input);
      const reader = new TarReader({ next: async () => chunks.shift() });
      for (let found = await reader.next(); found !== undefined; found = await reader.next()) {
        const { name, size, uid, gid, mtime, mode } = found;
        for (const count of [size, uid, gid]) assert.ok(Number.isSafeInteger(count) && count >= 0, `${count}`);
        assert.ok(uid < 2 ** 32 - 1 && gid < 2 ** 32 - 1 && mtime >= 0 && mtime <= 2 ** 33 && mode <= 0o7777);
        try {
          const parts = entryParts(name, "the entry");
          assert.ok(
            parts.every((part) => part !== "" && part !== "." && part !== ".." && !/[/\0]/.test(part)),
            name,
          );
        } catch (error) {
          if (!(error instanceof ShimError)) throw error;
        }
        for (let part = await reader.content(); part !== undefined; part = await reader.content()) {
          assert.ok(part.length > 0);
        }
      }
      return "ok" as const;
    },
  };
}
