import type { Annotation } from "../../config/annotations/annotation.ts";
import { parseBool, parseGuid, parseI32, parseU32, parseU64 } from "../../config/annotations/go-values.ts";
import { invalidArgument } from "../../errors/shim-error.ts";

export type Annotations = Readonly<Record<string, string>>;
/** Told of each value that is passed over, and of what is changed. */
export type Warn = (message: string) => void;

/**
 * The values of annotations by hcsshim's rules: one that can't be read is passed over with a warning, and `fallback` holds
 * (reference: hcsshim, 4.4). Only a GUID that is none throws, invalid-argument.
 */
export class AnnotationReader {
  readonly values: Annotations;
  readonly warn: Warn;
  readonly #of: string;

  /** `owner`: whose they are, for messages: "vm web". */
  constructor(values: Annotations, warn: Warn, owner = "") {
    this.values = values;
    this.warn = warn;
    this.#of = owner === "" ? "" : ` of ${owner}`;
  }

  bool(row: Annotation<"bool">, fallback: boolean): boolean {
    return this.optionalBool(row) ?? fallback;
  }

  optionalBool(row: Annotation<"bool">): boolean | undefined {
    return this.#read(row, "true or false", parseBool);
  }

  i32(row: Annotation<"i32">, fallback: number): number {
    const [min, max] = row.range ?? [-0x8000_0000, 0x7fff_ffff];
    const read = (text: string) => {
      const value = parseI32(text);
      return value !== undefined && value >= min && value <= max ? value : undefined;
    };
    return this.#read(row, `a whole number from ${min} to ${max}`, read) ?? fallback;
  }

  u32(row: Annotation<"u32">, fallback: number): number {
    return this.#read(row, "a number below 2^32", parseU32) ?? fallback;
  }

  u64(row: Annotation<"u64">, fallback: bigint): bigint {
    return this.#read(row, "a number below 2^64", parseU64) ?? fallback;
  }

  text(row: Annotation<"text" | "base64" | "json">, fallback = ""): string {
    return this.#own(row) ?? fallback;
  }

  /** In lower case; undefined where it is not given, or empty. */
  guid(row: Annotation<"guid">): string | undefined {
    const text = this.#own(row) ?? "";
    if (text === "") return undefined;
    const guid = parseGuid(text);
    if (guid === undefined)
      throw invalidArgument(`annotation ${row.name}${this.#of} is ${JSON.stringify(text)}, which is no GUID`);
    return guid;
  }

  u32List(row: Annotation<"u32 list">): readonly number[] {
    return this.#list(row, parseU32);
  }

  u64List(row: Annotation<"u64 list">): readonly bigint[] {
    return this.#list(row, parseU64);
  }

  textList(row: Annotation<"text list">): readonly string[] {
    return this.#list(row, (text) => text);
  }

  /** With one bad entry, none counts: a list that is too short is another configuration. */
  #list<T>(row: Annotation, parse: (text: string) => T | undefined): readonly T[] {
    const text = this.#own(row) ?? "";
    if (text === "") return [];
    const entries = text.split(",").map(parse);
    if (!entries.includes(undefined)) return entries as T[];
    this.#passOver(row, text, "numbers with commas between them");
    return [];
  }

  #read<T>(row: Annotation, wanted: string, parse: (text: string) => T | undefined): T | undefined {
    const text = this.#own(row);
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value === undefined) this.#passOver(row, text, wanted);
    return value;
  }

  #own({ name }: Annotation): string | undefined {
    return Object.hasOwn(this.values, name) ? this.values[name] : undefined;
  }

  #passOver({ name }: Annotation, text: string, wanted: string): void {
    this.warn(`annotation ${name}${this.#of} is ${JSON.stringify(text)}, wanted ${wanted}: it is passed over`);
  }
}
