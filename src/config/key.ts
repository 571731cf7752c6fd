export type KeyType =
  | { readonly kind: "string"; readonly allowed?: readonly string[]; readonly absolutePath?: boolean }
  | { readonly kind: "boolean" }
  | { readonly kind: "integer"; readonly min: number; readonly max: number }
  /** Accepted and not used: containerd writes them into the same table. */
  | { readonly kind: "ignored" };

/** One key of the configuration, as data: the reader, the settings and the reference page are made from these. */
export interface Key {
  /** Dotted: table, then name. */
  readonly key: string;
  readonly type: KeyType;
  readonly unit?: string;
  /** What holds without it: a value, or in words what is done then. One of the two, but for keys that are ignored. */
  readonly fallback?: string | boolean | number;
  readonly otherwise?: string;
  readonly meaning: string;
}
