import type { STACK_NAMES } from "../keys/shim.ts";

export type AnnotationType =
  | "bool"
  | "i32"
  | "u32"
  | "u64"
  | "i64"
  | "text"
  | "guid"
  | "base64"
  | "json"
  | "u32 list"
  | "u64 list"
  | "text list";

/** What it is said of: a VM (on the sandbox's spec), one container, or a pod in a VM of several. */
export type AnnotationScope = "vm" | "container" | "pod";

/** One annotation, as data: its readers, the check of what a user wrote, and the reference page are made from these. */
export interface Annotation<T extends AnnotationType = AnnotationType> {
  readonly name: string;
  readonly type: T;
  readonly guest: "LCOW" | "WCOW" | "both";
  readonly scope: AnnotationScope;
  readonly unit?: string;
  /** Both ends are in; a number outside is passed over like one that is no number. */
  readonly range?: readonly [number, number];
  /** What holds without it, in words. */
  readonly fallback: string;
  readonly meaning: string;
  /** The name goes on with what is named here: a GUID. */
  readonly prefix?: string;
  /** Those whose pods heed it. None: its value is read and checked by the options of the library alone. */
  readonly stacks: readonly (typeof STACK_NAMES)[number][];
}

type Details = Partial<Pick<Annotation, "unit" | "range" | "prefix" | "stacks">>;

/** A maker of rows whose names begin alike and which are said of the same thing; heeded by `hcs`, if not said otherwise. */
export function rows(scope: AnnotationScope, prefix: string, stacks: Annotation["stacks"] = ["hcs"]) {
  return <T extends AnnotationType>(
    name: string,
    type: T,
    guest: Annotation["guest"],
    fallback: string,
    meaning: string,
    details?: Details,
  ): Annotation<T> => ({ name: `${prefix}${name}`, type, guest, scope, fallback, meaning, stacks, ...details });
}
