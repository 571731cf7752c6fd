import { isAbsolute } from "node:path";
import { parse, TomlError } from "smol-toml";
import { invalidArgument } from "../errors/shim-error.ts";
import type { Key, KeyType } from "./key.ts";
import { nearest } from "./nearest.ts";
import { KEYS, KNOWN_KEYS, TABLES } from "./schema.ts";

export type ConfigValue = string | boolean | number;

/** What one source of configuration sets: dotted key to its value, and to where that stands, as FILE:LINE. */
export interface ConfigDocument {
  readonly values: ReadonlyMap<string, ConfigValue>;
  readonly places: ReadonlyMap<string, string>;
}

/**
 * Reads a TOML document against the schema. Throws invalid-argument that names the document and the line at fault as
 * FILE:LINE, and what would be right.
 */
export function readDocument(text: string, where: string): ConfigDocument {
  const table = parseToml(text, where);
  const lines = linesOf(text);
  const values = new Map<string, ConfigValue>();
  const places = new Map<string, string>();
  readTable(table, "", (key, value) => {
    const place = `${where}${lineOf(lines, key)}`;
    const schema = KEYS.get(key);
    const problem = schema === undefined ? `unknown key ${key}: ${suggest(key)}` : checkValue(schema, value);
    if (problem !== undefined) throw invalidArgument(`config ${place}: ${problem}`);
    if (schema?.type.kind === "ignored") return;
    values.set(key, value as ConfigValue);
    places.set(key, place);
  });
  return { values, places };
}

function parseToml(text: string, where: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The first line says what is wrong; the rest of the message is a drawing of the place, and start errors are one line.
    const what = error.message.split("\n", 1)[0]?.replace(/^Invalid TOML document: /, "");
    throw invalidArgument(`config ${where}:${error.line}:${error.column}: not TOML: ${what}`, error);
  }
}

function readTable(table: object, prefix: string, each: (key: string, value: unknown) => void): void {
  for (const [name, value] of Object.entries(table)) {
    const key = prefix + name;
    // A table is only stepped into where the schema has keys below it, so an unknown one is named as such.
    if (TABLES.has(key) && typeof value === "object" && value !== null && !Array.isArray(value)) {
      readTable(value, `${key}.`, each);
    } else {
      each(key, value);
    }
  }
}

function checkValue(schema: Key, value: unknown): string | undefined {
  const { key, type } = schema;
  switch (type.kind) {
    case "ignored":
      return undefined;
    case "boolean":
      return typeof value === "boolean" ? undefined : `${key} must be true or false, it is ${describe(value)}`;
    case "integer":
      return checkInteger(key, type, value);
    case "string":
      return checkString(key, type, value);
  }
}

function checkString(key: string, type: Extract<KeyType, { kind: "string" }>, value: unknown): string | undefined {
  if (typeof value !== "string") return `${key} must be a string, it is ${describe(value)}`;
  if (type.allowed !== undefined && !type.allowed.includes(value)) {
    return `${key} must be one of ${type.allowed.join(", ")}, it is ${describe(value)}`;
  }
  if (type.absolutePath === true && !isAbsolute(value)) {
    return `${key} must be an absolute path, it is ${describe(value)}`;
  }
  return value === "" ? `${key} must not be empty` : undefined;
}

function checkInteger(key: string, type: Extract<KeyType, { kind: "integer" }>, value: unknown): string | undefined {
  if (Number.isSafeInteger(value) && (value as number) >= type.min && (value as number) <= type.max) return undefined;
  return `${key} must be a whole number from ${type.min} to ${type.max}, it is ${describe(value)}`;
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "a date";
  return typeof value === "object" ? "a table" : `the ${typeof value} ${String(value)}`;
}

function suggest(key: string): string {
  const known = KNOWN_KEYS.map((entry) => entry.key);
  const near = nearest(key, known);
  return near !== undefined ? `did you mean ${near}?` : `known are ${known.join(", ")}`;
}

/** What each line of the document sets, and its number: the parser keeps no places. */
function linesOf(text: string): readonly (readonly [set: string, line: number])[] {
  const lines: [string, number][] = [];
  let table = "";
  for (const [index, line] of text.split("\n").entries()) {
    const { header, name } = lineHead(line.trim());
    if (header !== undefined) table = `${plain(header)}.`;
    const set = header !== undefined ? plain(header) : name !== undefined ? table + plain(name) : undefined;
    if (set !== undefined) lines.push([set, index + 1]);
  }
  return lines;
}

/** Where the document sets the key, as ":LINE". Empty where the search finds none. */
function lineOf(lines: ReturnType<typeof linesOf>, key: string): string {
  for (const [set, line] of lines) if (set === key || set.startsWith(`${key}.`)) return `:${line}`;
  return "";
}

/** What a line opens or sets. By steps, as a pattern takes minutes at a text's line of a few thousand blanks. */
function lineHead(line: string): { readonly header?: string; readonly name?: string } {
  const start = line.startsWith("[[") ? 2 : line.startsWith("[") ? 1 : 0;
  const end = start > 0 ? line.indexOf("]") : endOfName(line);
  if (end <= start) return {};
  if (start > 0) return { header: line.slice(start, end) };
  return line[end] === "=" ? { name: line.slice(0, end) } : {};
}

/** At its "=", or what tells that there is none; -1 where nothing does. */
function endOfName(line: string): number {
  for (let index = 0; index < line.length; index += 1) if ("=#[".includes(line.charAt(index))) return index;
  return -1;
}

/** A dotted key without quotes and spaces. No pattern: a start compiles each for the one time that it uses it. */
function plain(key: string): string {
  let text = "";
  for (let index = 0; index < key.length; index += 1) {
    const character = key.charAt(index);
    if (character !== '"' && character !== "'" && character.trim() !== "") text += character;
  }
  return text;
}
