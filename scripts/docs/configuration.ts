import type { Annotation } from "../../src/config/annotations/annotation.ts";
import { annotationTable } from "../../src/config/annotations/table.ts";
import type { KeyType } from "../../src/config/key.ts";
import { STACK_NAMES } from "../../src/config/keys/shim.ts";
import { KNOWN_KEYS } from "../../src/config/schema.ts";

/** Every key of the configuration, as a table. */
export function renderConfiguration(): string {
  const rows = KNOWN_KEYS.map(({ key, type, unit = "", fallback, otherwise = "", meaning }) => {
    const held = fallback === undefined ? otherwise : `\`${fallback}\``;
    return `| \`${key}\` | ${describeType(type)} | ${unit} | ${held} | ${meaning} |`;
  });
  return ["| key | value | unit | default | |", "| --- | --- | --- | --- | --- |", ...rows, ""].join("\n");
}

function describeType(type: KeyType): string {
  if (type.kind === "integer") return `${type.min} to ${type.max}`;
  if (type.kind !== "string") return type.kind;
  return type.allowed?.join(", ") ?? (type.absolutePath === true ? "absolute path" : "string");
}

/** Every annotation, a table a concern. */
export function renderAnnotations(): string {
  const tables = Object.entries(annotationTable).map(([heading, annotations]) => {
    const head = [
      "| annotation | value | unit | guest | default | heeded by | |",
      "| --- | --- | --- | --- | --- | --- | --- |",
    ];
    return [`### ${heading}`, "", ...head, ...annotations.map(renderAnnotation), ""].join("\n");
  });
  return tables.join("\n");
}

function renderAnnotation({ name, prefix, type, unit, range, guest, fallback, meaning, stacks }: Annotation): string {
  const values = range === undefined ? type : `${type}, ${range.join(" to ")}`;
  const heeded = stacks.length === STACK_NAMES.length ? "all" : stacks.join(", ") || "none";
  return `| \`${name}${prefix ?? ""}\` | ${values} | ${unit ?? ""} | ${guest} | ${fallback} | ${heeded} | ${meaning} |`;
}
