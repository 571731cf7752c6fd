import { type Damage, damageBytes, joined } from "./damage.ts";
import type { Random } from "./random.ts";

/** One field as it stands on the wire. */
interface Field {
  number: number;
  /** 0 varint, 1 fixed64, 2 length-delimited, 5 fixed32 */
  type: number;
  content: Uint8Array;
}

const varints = [0n, 1n, 127n, 128n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n];

/** Edits of the fields, at any depth: values at limits, fields lost, doubled, of another type, in groups, with a wrong length. */
export const damageProtobuf: Damage = (dice, input, others) => {
  if (dice.chance(1 / 5)) return damageBytes(dice, input, others);
  const edited = edit(dice, input, 0);
  return edited.length > 0x10000 ? edited.slice(0, 0x10000) : edited;
};

function edit(dice: Random, bytes: Uint8Array, depth: number): Uint8Array {
  const fields = read(bytes);
  if (fields === undefined) return damageBytes(dice, bytes, []);
  const at = dice.below(fields.length + 1);
  const field = fields[at];
  switch (field === undefined ? 7 : dice.below(8)) {
    case 0:
      fields.splice(at, 1);
      break;
    case 1:
      if (field !== undefined) fields.splice(dice.below(fields.length), 0, field);
      break;
    case 2:
      if (field !== undefined) field.type = dice.pick([0, 1, 2, 3, 4, 5, 6, 7]);
      break;
    case 3:
    case 4:
    case 5:
      if (field?.type === 2 && depth < 6) field.content = edit(dice, field.content, depth + 1);
      else if (field?.type === 0) field.content = overlong(dice, varint(dice.pick(varints)));
      else if (field !== undefined) field.content = dice.bytes(field.content.length);
      break;
    case 6:
      if (field !== undefined)
        field.content = joined(...Array.from({ length: 2 + dice.below(60) }, () => field.content));
      break;
    default:
      fields.splice(at, 0, fresh(dice));
  }
  return write(dice, fields);
}

function fresh(dice: Random): Field {
  const number = dice.pick([1 + dice.below(16), 1 + dice.below(200), 19_000, 2 ** 29 - 1]);
  const type = dice.pick([0, 1, 2, 2, 5, 3]);
  // Groups in groups: what skips them must not recurse without end.
  if (type === 3) return { number, type: 2, content: groups(dice.pick([1, 50, 5000])) };
  const content =
    type === 0 ? varint(dice.pick(varints)) : dice.bytes(type === 1 ? 8 : type === 5 ? 4 : dice.below(40));
  return { number, type, content };
}

function groups(depth: number): Uint8Array {
  return joined(new Uint8Array(depth).fill(0x0b), new Uint8Array(depth).fill(0x0c));
}

/** Undefined for what is no message. */
function read(bytes: Uint8Array): Field[] | undefined {
  const fields: Field[] = [];
  let at = 0;
  const number = (): number | undefined => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) return undefined;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return undefined;
  };
  while (at < bytes.length) {
    const tag = number();
    if (tag === undefined || tag < 8) return undefined;
    const type = tag & 7;
    let start = at;
    if (type === 0) {
      while ((bytes[at] ?? 0) > 0x7f && at - start < 10) at += 1;
      at += 1;
    } else if (type === 1) at += 8;
    else if (type === 5) at += 4;
    else if (type === 2) {
      const length = number();
      if (length === undefined) return undefined;
      start = at;
      at += length;
    } else return undefined;
    if (at > bytes.length) return undefined;
    fields.push({ number: Math.floor(tag / 8), type, content: bytes.slice(start, at) });
  }
  return fields;
}

function write(dice: Random, fields: readonly Field[]): Uint8Array {
  return joined(
    ...fields.flatMap(({ number, type, content }) => {
      const tag = overlong(dice, varint((BigInt(number) << 3n) | BigInt(type)));
      if (type !== 2) return [tag, content];
      const length = dice.chance(1 / 40) ? dice.pick(varints) : BigInt(content.length);
      return [tag, varint(length), content];
    }),
  );
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return Uint8Array.of(...bytes, Number(rest));
}

/** The same value in more bytes than it needs, now and then. */
function overlong(dice: Random, bytes: Uint8Array): Uint8Array {
  if (!dice.chance(1 / 50)) return bytes;
  const last = bytes.length - 1;
  const padded = joined(bytes, new Uint8Array(1 + dice.below(10)).fill(0x80), Uint8Array.of(0));
  padded[last] = (padded[last] ?? 0) | 0x80;
  return padded;
}
