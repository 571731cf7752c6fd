import type { Random } from "./random.ts";

/** How a target's inputs are made wrong. `others` are inputs of the same target, to take parts of. */
export type Damage = (dice: Random, input: Uint8Array, others: readonly Uint8Array[]) => Uint8Array;

/** No input grows beyond this: what needs more (a length limit) is in the corpus. */
const LONGEST = 64 * 1024;

const limits = [0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x3fffff, 0x400000, 0x400001];
const wideLimits = [...limits, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff];
const tokens = ['"', "\\", "{", "}", "[", "]", ",", ":", "\n", "\r\n", "\0", "null", "-", "1e999", "\\ud800", "=", "''"]
  .map((token) => new TextEncoder().encode(token))
  .concat([Uint8Array.of(0xff, 0xfe), Uint8Array.of(0xed, 0xa0, 0x80), Uint8Array.of(0xef, 0xbb, 0xbf)]);

/** Bits flipped, bytes and numbers at their limits, parts lost, doubled, moved in from another input, cut short. */
export const damageBytes: Damage = (dice, input, others) => {
  let bytes: Uint8Array = input.slice();
  for (let rounds = 1 + dice.below(4); rounds > 0; rounds -= 1) {
    const at = dice.below(bytes.length + 1);
    const length = 1 + dice.below(dice.pick([4, 16, 64]));
    switch (dice.below(10)) {
      case 0:
        if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.below(8));
        break;
      case 1:
        if (at < bytes.length) bytes[at] = dice.pick([0, 1, 0x7f, 0x80, 0xff, dice.below(256)]);
        break;
      case 2:
      case 3:
        setNumber(dice, bytes, at);
        break;
      case 4:
        bytes = joined(bytes.subarray(0, at), bytes.subarray(at + length));
        break;
      case 5:
        bytes = joined(bytes.subarray(0, at + length), bytes.subarray(at));
        break;
      case 6:
        bytes = joined(bytes.subarray(0, at), dice.bytes(length), bytes.subarray(at));
        break;
      case 7:
        bytes = joined(bytes.subarray(0, at), dice.pick(tokens), bytes.subarray(at));
        break;
      case 8: {
        const other = others.length === 0 ? bytes : dice.pick(others);
        const from = dice.below(other.length + 1);
        bytes = joined(
          bytes.subarray(0, at),
          other.subarray(from, from + dice.pick([8, 64, 1024])),
          bytes.subarray(at),
        );
        break;
      }
      default:
        if (dice.chance(1 / 4)) bytes = bytes.slice(0, at);
        else if (dice.chance(1 / 50))
          bytes = joined(bytes.subarray(0, at), repeated(dice, bytes, at), bytes.subarray(at));
    }
  }
  return bytes.length > LONGEST ? bytes.slice(0, LONGEST) : bytes;
};

function setNumber(dice: Random, bytes: Uint8Array, at: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = dice.chance(1 / 2);
  const width = dice.pick([2, 4, 8]);
  if (at + width > bytes.length) return;
  const near = dice.pick(wideLimits) + dice.below(3) - 1;
  if (width === 2) view.setUint16(at, near & 0xffff, little);
  else if (width === 4) view.setUint32(at, near >>> 0, little);
  else view.setBigUint64(at, dice.pick([BigInt(near >>> 0), 2n ** 63n, 2n ** 64n - 1n, 2n ** 53n]), little);
}

function repeated(dice: Random, bytes: Uint8Array, at: number): Uint8Array {
  const unit = bytes.subarray(at, at + 1 + dice.below(8));
  const times = Math.min(dice.pick([10, 1000, 20_000]), Math.floor(LONGEST / Math.max(1, unit.length)));
  const out = new Uint8Array(unit.length * times);
  for (let i = 0; i < times; i += 1) out.set(unit, i * unit.length);
  return out;
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** The same bytes as chunks of random sizes. */
export function cut(dice: Random, bytes: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const sizes = bytes.length > 4096 ? [65_536, 4096] : dice.pick([[4, 64, 4096], [65_536], [4096]]);
  for (let offset = 0; offset < bytes.byteLength; ) {
    const length = 1 + dice.below(dice.pick(sizes));
    chunks.push(bytes.slice(offset, offset + length));
    offset += length;
  }
  return chunks;
}

const NEWLINE = 0x0a;

/** An input whose first line names what the rest is. */
export function titled(title: string, body: Uint8Array | string): Uint8Array {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  return joined(new TextEncoder().encode(`${title}\n`), bytes);
}

export function untitled(input: Uint8Array): { readonly title: string; readonly body: Uint8Array } {
  const end = input.indexOf(NEWLINE);
  const split = end < 0 ? input.length : end;
  return { title: Buffer.from(input.subarray(0, split)).toString("latin1"), body: input.subarray(split + 1) };
}

/** Of titled inputs: mostly the body alone; sometimes under another one's title. */
export function damageBody(damage: Damage): Damage {
  return (dice, input, others) => {
    const { title, body } = untitled(input);
    const bodies = () => others.slice(0, 8).map((other) => untitled(other).body);
    const name = dice.chance(1 / 12) && others.length > 0 ? untitled(dice.pick(others)).title : title;
    return titled(name, damage(dice, body, bodies()));
  };
}

/** One of several at a time. */
export function either(...damages: readonly Damage[]): Damage {
  return (dice, input, others) => dice.pick(damages)(dice, input, others);
}
