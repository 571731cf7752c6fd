import { invalidArgument } from "../errors/shim-error.ts";
import { stringifyJson } from "../oci/json.ts";
import { type Codec, parseAt } from "./json-codec.ts";

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A body as hcsshim writes it: UTF-8 JSON, `<`, `>` and `&` as they are, and a newline. */
export function encodeBody<T, Init>(codec: Codec<T, Init>, value: Init): Uint8Array {
  return encoder.encode(`${stringifyJson(codec.encode(value))}\n`);
}

/** `name` is the message's, for errors. Throws invalid-argument for what is not UTF-8, not JSON, or not of this shape. */
export function decodeBody<T, Init>(codec: Codec<T, Init>, body: Uint8Array, name: string): T {
  return codec.decode(parseBody(body, name), name);
}

/** For what is decoded in two steps. Throws invalid-argument for what is not UTF-8 or not JSON. */
export function parseBody(body: Uint8Array, name: string): unknown {
  let source: string;
  try {
    source = strictDecoder.decode(body);
  } catch (error) {
    throw invalidArgument(`${name} is not UTF-8`, error);
  }
  return parseAt(source, name);
}
