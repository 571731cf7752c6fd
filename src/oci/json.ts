import { invalidArgument } from "../errors/shim-error.ts";
import { JsonReader, MAX_DEPTH } from "./json-reader.ts";

const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE, QUOTE, BACKSLASH] = [0x5b, 0x5d, 0x7b, 0x7d, 0x22, 0x5c];

/**
 * JSON without loss for 64-bit integers, as OCI documents carry them (memory limits, capability masks, device numbers).
 * An integer that a double can't hold exactly is a bigint, and is written back digit for digit; everything else is as in
 * JSON.parse. Throws invalid-argument with line and column (both from 1) for text that is not JSON, or nested deeper than
 * any real document: JSON.parse takes any depth, and what walks its value would overflow the stack.
 */
export function parseJson(text: string): unknown {
  // 2^53 has 16 digits, the largest double the exponent 308: without such runs every number fits a double.
  if (!/\d{16}|\d[eE]\+?\d{3}/.test(text) && !isDeep(text)) {
    try {
      return JSON.parse(text);
    } catch {
      // The runtimes word this error differently, and one of them without a position: the reader below finds it again.
    }
  }
  return new JsonReader(text).document();
}

/** Whether any value of the text, as far as it is JSON, is nested deeper than MAX_DEPTH. */
function isDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case OPEN_BRACKET:
      case OPEN_BRACE:
        depth += 1;
        if (depth > MAX_DEPTH) return true;
        break;
      case CLOSE_BRACKET:
      case CLOSE_BRACE:
        depth -= 1;
        break;
      case QUOTE:
        // Brackets in strings would count an attacker's depth down.
        at += 1;
        for (let code = text.charCodeAt(at); at < text.length && code !== QUOTE; code = text.charCodeAt(at)) {
          at += code === BACKSLASH ? 2 : 1;
        }
    }
  }
  return false;
}

/** The reverse of `parseJson`, without white space. Throws invalid-argument for what JSON can't carry. */
export function stringifyJson(value: unknown): string {
  const text = write(value);
  if (text === undefined) throw invalidArgument(`a value of type ${typeof value} is not JSON`);
  return text;
}

/** Undefined for what JSON.stringify leaves out too. */
function write(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "boolean":
      return value ? "true" : "false";
    case "bigint":
      return value.toString();
    case "number":
      if (!Number.isFinite(value)) throw invalidArgument(`${value} is not a JSON number`);
      return String(value);
    case "object":
      break;
    default:
      return undefined;
  }
  if (value === null) return "null";
  if (Array.isArray(value)) return `[${value.map((item) => write(item) ?? "null").join()}]`;
  if (value instanceof Date) return JSON.stringify(value);
  const members: string[] = [];
  for (const [name, member] of Object.entries(value)) {
    const text = write(member);
    if (text !== undefined) members.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${members.join()}}`;
}
