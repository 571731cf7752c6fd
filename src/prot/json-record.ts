import { asObject, type Codec, decodeOrZero } from "./json-codec.ts";

/** One member of a record: its name on the wire, and whether it vanishes there when it is empty. */
export interface Field<T, Init> {
  readonly wireName: string;
  readonly codec: Codec<T, Init>;
  readonly omitEmpty: boolean;
}

export function field<T, Init>(wireName: string, codec: Codec<T, Init>, omit?: "omitempty"): Field<T, Init> {
  return { wireName, codec, omitEmpty: omit === "omitempty" };
}

export type Fields = Readonly<Record<string, Field<unknown, unknown>>>;
export type RecordOf<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T, infer _> ? T : never };
/** As in a Go struct literal: what is not given is zero. */
export type RecordInit<F extends Fields> = {
  readonly [K in keyof F]?: (F[K] extends Field<infer _, infer Init> ? Init : never) | undefined;
};

export interface RecordCodec<F extends Fields> extends Codec<RecordOf<F>, RecordInit<F>> {
  readonly fields: F;
}

/**
 * A Go struct: members in the order given, which is the order on the wire. Unknown members are ignored on reading (that is
 * how the protocol grows), null counts as absent. A struct itself is never empty: Go's omitempty doesn't drop it.
 */
export function record<F extends Fields>(fields: F): RecordCodec<F> {
  const entries = Object.entries(fields);
  const build = (read: (field: Fields[string]) => unknown): RecordOf<F> =>
    Object.fromEntries(entries.map(([name, field]) => [name, read(field)])) as RecordOf<F>;
  return {
    fields,
    zero: build((field) => field.codec.zero),
    decode(value, at) {
      const members = asObject(value, at);
      return build(({ wireName, codec }) =>
        decodeOrZero(codec, Object.hasOwn(members, wireName) ? members[wireName] : undefined, `${at}.${wireName}`),
      );
    },
    encode(value) {
      const given = value as Readonly<Record<string, unknown>>;
      const members: [string, unknown][] = [];
      for (const [name, { wireName, codec, omitEmpty }] of entries) {
        const member = given[name] === undefined ? codec.zero : given[name];
        if (!(omitEmpty && codec.isEmpty(member))) members.push([wireName, codec.encode(member)]);
      }
      return Object.fromEntries(members);
    },
    isEmpty: () => false,
  };
}
