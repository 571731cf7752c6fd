import { type ErrorKind, ShimError } from "../errors/shim-error.ts";
import type { Any } from "../generated/google/protobuf.ts";
import type { Status } from "../generated/google/rpc.ts";

/** google.rpc.Code of each kind (reference: containerd-shim 2.6). */
export const codeOfKind = {
  canceled: 1,
  unknown: 2,
  "invalid-argument": 3,
  "deadline-exceeded": 4,
  "not-found": 5,
  "already-exists": 6,
  "permission-denied": 7,
  "resource-exhausted": 8,
  "failed-precondition": 9,
  aborted: 10,
  "out-of-range": 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  "data-loss": 15,
  unauthenticated: 16,
} as const satisfies Record<ErrorKind, number>;

const kindOfCode = new Map<number, ErrorKind>();
for (const [kind, code] of Object.entries(codeOfKind)) kindOfCode.set(code, kind as ErrorKind);

/** An error that came over the wire, or one that a handler throws to send details along. */
export class TtrpcError extends ShimError {
  /** As it was on the wire; a code that google.rpc does not name has the kind `unknown`. */
  readonly code: number;
  readonly details: readonly Any[];

  constructor(
    kind: ErrorKind,
    message: string,
    options: { code?: number; details?: readonly Any[]; cause?: unknown } = {},
  ) {
    super(kind, message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code ?? codeOfKind[kind];
    this.details = options.details ?? [];
  }
}

/** The status of anything that a handler threw. Errors that are not a ShimError are `unknown`, with their message. */
export function statusOf(thrown: unknown): Status {
  const error = ShimError.from(thrown);
  if (error instanceof TtrpcError) return { code: error.code, message: error.message, details: [...error.details] };
  return { code: codeOfKind[error.kind], message: error.message, details: [] };
}

/** The error that a status stands for; undefined for OK, which Go spells by leaving the status out. */
export function errorOf(status: Status | undefined): TtrpcError | undefined {
  if (status === undefined || status.code === 0) return undefined;
  const { code, message, details } = status;
  return new TtrpcError(kindOfCode.get(code) ?? "unknown", message, { code, details });
}

/** What every call gets whose connection is gone, now and later. */
export function closedError(cause?: unknown): ShimError {
  return new ShimError("unavailable", "ttrpc: closed", cause === undefined ? undefined : { cause });
}

export function serverClosedError(): ShimError {
  return new ShimError("unavailable", "ttrpc: server closed");
}
