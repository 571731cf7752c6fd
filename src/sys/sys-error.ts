import { errnoName, errnoNumber } from "./errno.ts";

/**
 * A system call that failed. `code` is the errno's name ("ENOENT"), as in Node's own
 * errors, so that one check serves both. Layers above turn it into a ShimError: what
 * an errno means depends on what was asked.
 */
export class SysError extends Error {
  override readonly name = "SysError";
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
  readonly path?: string;

  constructor(errno: number, syscall: string, path?: string, options?: { cause?: unknown }) {
    const code = errnoName(errno);
    super(path === undefined ? `${syscall}: ${code}` : `${syscall} ${path}: ${code}`, options);
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
    if (path !== undefined) this.path = path;
  }

  /** An error of the runtime's own (Node, Bun) as a SysError; one without an errno code is EIO with the cause kept. */
  static from(thrown: unknown, syscall: string, path?: string): SysError {
    if (thrown instanceof SysError) return thrown;
    const code = errorCode(thrown);
    const errno = code === undefined ? 0 : errnoNumber(code);
    return new SysError(errno === 0 ? 5 : errno, syscall, path, { cause: thrown });
  }
}

/** The errno name of a SysError or of an error of the runtime; undefined for anything else. */
export function errorCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !("code" in thrown)) return undefined;
  return typeof thrown.code === "string" ? thrown.code : undefined;
}
