import type { Random } from "./random.ts";

/** The bytes with a few things wrong: flipped, lost, doubled, inserted, cut short. */
export function damage(dice: Random, bytes: Uint8Array): Uint8Array {
  let out = Buffer.from(bytes);
  for (let rounds = dice.below(4); rounds > 0; rounds--) {
    const at = dice.below(out.length + 1);
    const length = dice.below(24);
    switch (dice.below(5)) {
      case 0:
        if (at < out.length) out[at] = dice.below(256);
        break;
      case 1:
        out = Buffer.concat([out.subarray(0, at), out.subarray(at + length)]);
        break;
      case 2:
        out = Buffer.concat([out.subarray(0, at + length), out.subarray(at)]);
        break;
      case 3:
        out = Buffer.concat([out.subarray(0, at), dice.bytes(length), out.subarray(at)]);
        break;
      default:
        if (dice.chance(1 / 4)) out = out.subarray(0, at);
    }
  }
  return out;
}

/** The same bytes as chunks of random sizes. */
export function cut(dice: Random, bytes: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.byteLength; ) {
    const length = 1 + dice.below(dice.pick([4, 64, 4096]));
    chunks.push(bytes.slice(offset, offset + length));
    offset += length;
  }
  return chunks;
}
