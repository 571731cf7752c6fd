import { invalidArgument } from "../errors/shim-error.ts";
import { JsonReader, MAX_DEPTH } from "./json-reader.ts";

const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE, QUOTE, BACKSLASH] = [0x5b, 0x5d, 0x7b, 0x7d, 0x22, 0x5c];
const [DIGIT_0, DIGIT_9, UPPER_E, LOWER_E] = [0x30, 0x39, 0x45, 0x65];
const EXPONENT = /\+?\d{3}/y;

/**
 * JSON without loss for 64-bit integers, as OCI documents carry them (memory limits, capability masks, device numbers).
 * An integer that a double can't hold exactly is a bigint, and is written back digit for digit; everything else is as in
 * JSON.parse. Throws invalid-argument with line and column (both from 1) for text that is not JSON, or nested deeper than
 * any real document: JSON.parse takes any depth, and what walks its value would overflow the stack.
 */
export function parseJson(text: string): unknown {
  if (!needsReader(text)) {
    try {
      return JSON.parse(text);
    } catch {
      // The runtimes word this error differently, and one of them without a position: the reader below finds it again.
    }
  }
  return new JsonReader(text).document();
}

/**
 * Whether the text, as far as it is JSON, has a value that is nested deeper than MAX_DEPTH, or a number that a double may
 * not hold: 2^53 has 16 digits, the largest double the exponent 308. Within strings nothing counts: a document in a
 * string, as the bridge carries them, is read by itself.
 */
function needsReader(text: string): boolean {
  let depth = 0;
  let digits = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= DIGIT_0 && code <= DIGIT_9) {
      digits += 1;
      if (digits === 16) return true;
      continue;
    }
    if (digits > 0) {
      digits = 0;
      if ((code === UPPER_E || code === LOWER_E) && isLongExponent(text, at + 1)) return true;
    }
    switch (code) {
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

function isLongExponent(text: string, at: number): boolean {
  EXPONENT.lastIndex = at;
  return EXPONENT.test(text);
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
      return quoted(value);
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
    if (text !== undefined) members.push(`${quoted(name)}:${text}`);
  }
  return `{${members.join()}}`;
}

/** Of plain short text, as names of members are, without a call into the runtime. */
function quoted(text: string): string {
  return text.length < 64 && /^[ !#-[\]-~]*$/.test(text) ? `"${text}"` : JSON.stringify(text);
}
