import { nearest } from "../nearest.ts";
import type { Annotation } from "./annotation.ts";
import { parseBase64, parseBool, parseGuid, parseI32, parseI64, parseU32, parseU64 } from "./go-values.ts";
import { allAnnotations } from "./table.ts";

/** What begins so is hcsshim's, and unknown where the schema has no such name; other names may be anybody's. */
const FAMILIES = ["io.microsoft.", "microsoft.com/"];

/** The row that says what `name` means; undefined for an annotation that is not ours to know. */
export function annotationNamed(name: string): Annotation | undefined {
  return allAnnotations.find((row) => (row.prefix === undefined ? row.name === name : name.startsWith(row.name)));
}

/** One line for each annotation that is wrong: a name that nobody knows, a value that is not of its type. `of`: "container web". */
export function checkAnnotations(annotations: Readonly<Record<string, string>>, of: string): string[] {
  return Object.entries(annotations).flatMap(([name, text]) => {
    const row = annotationNamed(name);
    if (row === undefined) return unknown(name, of);
    const wanted = text === "" ? undefined : misfit(row, text);
    return wanted === undefined ? [] : [`annotation ${name} of ${of} is ${JSON.stringify(text)}, wanted ${wanted}`];
  });
}

/** One line for each that is known, and that pods on this stack pass over. */
export function unheededAnnotations(
  annotations: Readonly<Record<string, string>>,
  stack: Annotation["stacks"][number],
  of: string,
): string[] {
  return Object.keys(annotations)
    .filter((name) => annotationNamed(name)?.stacks.includes(stack) === false)
    .map((name) => `annotation ${name} of ${of} is passed over: stack ${stack} does not heed it`);
}

function unknown(name: string, of: string): string[] {
  if (!FAMILIES.some((family) => name.startsWith(family))) return [];
  const near = nearest(
    name,
    allAnnotations.map((row) => row.name),
  );
  return [`unknown annotation ${name} of ${of}${near === undefined ? "" : `: did you mean ${near}?`}`];
}

/** What is wanted instead, where it does not fit. */
function misfit({ type, range }: Annotation, text: string): string | undefined {
  const unless = (fits: boolean, wanted: string) => (fits ? undefined : wanted);
  const list = (parse: (entry: string) => unknown) =>
    unless(!text.split(",").map(parse).includes(undefined), "numbers with commas between them");
  switch (type) {
    case "bool":
      return unless(parseBool(text) !== undefined, "true or false");
    case "i32": {
      const [min, max] = range ?? [-0x8000_0000, 0x7fff_ffff];
      const value = parseI32(text);
      return unless(value !== undefined && value >= min && value <= max, `a whole number from ${min} to ${max}`);
    }
    case "i64":
      return unless(parseI64(text) !== undefined, "a whole number of 64 bits");
    case "u32":
      return unless(parseU32(text) !== undefined, "a number below 2^32");
    case "u64":
      return unless(parseU64(text) !== undefined, "a number below 2^64");
    case "guid":
      return unless(parseGuid(text) !== undefined, "a GUID");
    case "base64":
      return unless(parseBase64(text) !== undefined, "base64");
    case "json":
      return unless(isJson(text), "JSON");
    case "u32 list":
      return list(parseU32);
    case "u64 list":
      return list(parseU64);
    case "text":
    case "text list":
      return undefined;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
