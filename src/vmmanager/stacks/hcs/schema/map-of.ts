import { asObject, type Codec, decodeOrZero } from "../../../../prot/json-codec.ts";

/** Go's map with names for keys: its own names are data, not members. */
export function mapOf<T, Init>(
  item: Codec<T, Init>,
): Codec<Readonly<Record<string, T>>, Readonly<Record<string, Init>>> {
  return {
    zero: {},
    decode: (value, at) =>
      Object.fromEntries(
        Object.entries(asObject(value, at)).map(([name, member]) => [
          name,
          decodeOrZero(item, member, `${at}.${name}`),
        ]),
      ),
    encode: (value) => Object.fromEntries(Object.entries(value).map(([name, member]) => [name, item.encode(member)])),
    isEmpty: (value) => Object.keys(value).length === 0,
  };
}
