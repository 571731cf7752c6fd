/**
 * The one error type of the project: a containerd errdefs kind and a sentence
 * "subject is in state; cannot verb: how to mend". It becomes a gRPC code in one
 * place, `src/ttrpc/status.ts`; an HRESULT in one place, `src/gcs/bridge/`.
 *
 * Kinds and their order: containerd `pkg/errdefs` (and google.rpc.Code).
 */
export type ErrorKind =
  | "canceled"
  | "unknown"
  | "invalid-argument"
  | "deadline-exceeded"
  | "not-found"
  | "already-exists"
  | "permission-denied"
  | "resource-exhausted"
  | "failed-precondition"
  | "aborted"
  | "out-of-range"
  | "unimplemented"
  | "internal"
  | "unavailable"
  | "data-loss"
  | "unauthenticated";

export class ShimError extends Error {
  override readonly name = "ShimError";
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
  }

  /** Any thrown value as a ShimError; one that already is (here or as a cause of an abort) is returned as it is. */
  static from(thrown: unknown, kind: ErrorKind = "unknown"): ShimError {
    if (thrown instanceof ShimError) return thrown;
    if (thrown instanceof DOMException && thrown.name === "TimeoutError") {
      return new ShimError("deadline-exceeded", thrown.message, { cause: thrown });
    }
    if (thrown instanceof DOMException && thrown.name === "AbortError") {
      return new ShimError("canceled", thrown.message, { cause: thrown });
    }
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new ShimError(kind, message, { cause: thrown });
  }
}

/** The kind of any thrown value; `unknown` for what did not come from us. */
export function kindOf(thrown: unknown): ErrorKind {
  return ShimError.from(thrown).kind;
}

export function isKind(thrown: unknown, kind: ErrorKind): boolean {
  return kindOf(thrown) === kind;
}

export const notFound = (message: string, cause?: unknown): ShimError => new ShimError("not-found", message, { cause });
export const alreadyExists = (message: string, cause?: unknown): ShimError =>
  new ShimError("already-exists", message, { cause });
export const invalidArgument = (message: string, cause?: unknown): ShimError =>
  new ShimError("invalid-argument", message, { cause });
export const failedPrecondition = (message: string, cause?: unknown): ShimError =>
  new ShimError("failed-precondition", message, { cause });
export const unimplemented = (message: string, cause?: unknown): ShimError =>
  new ShimError("unimplemented", message, { cause });
export const unavailable = (message: string, cause?: unknown): ShimError =>
  new ShimError("unavailable", message, { cause });

/** Closes a switch over a union: a new member without a case is a compile error. */
export function assertNever(value: never): never {
  throw new ShimError("internal", `unexpected value ${JSON.stringify(value)}: a case is missing`);
}
