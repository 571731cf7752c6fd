/**
 * C libraries, as Runtime.loadLibrary offers them. `#load-library` (package.json "imports") resolves to `bun-library.ts`
 * or `node-library.ts` and is what stands below the runtimes: they make system calls themselves.
 */
export type CType = "void" | "int" | "uint" | "i64" | "u64" | "cstring" | "buffer" | "pointer";
export type LibrarySignatures = Readonly<Record<string, readonly [CType, ...CType[]]>>;
export type CValue = number | bigint | string | Uint8Array | null;
export type Library<S extends LibrarySignatures> = {
  readonly [K in keyof S]: (...args: CValue[]) => CCallResult;
};
/** The returned value and the errno as it stood right after the call. */
export interface CCallResult {
  readonly value: number | bigint;
  readonly errno: number;
}
