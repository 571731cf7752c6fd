import { type ErrorKind, ShimError } from "../../../errors/shim-error.ts";
import { excerpt } from "../../guest-console.ts";

/**
 * A service answers Unknown whatever went wrong, with a chain of reasons as text (reference: remotevm, 6.3). These are the
 * texts whose kind somebody acts on; the first that fits.
 */
const kinds: readonly (readonly [RegExp, ErrorKind])[] = [
  [/already created|wait VM already in flight/i, "already-exists"],
  [/not created|no scsi controller|no consomme port channel/i, "failed-precondition"],
  [/torn down|VM quit|shutting down|worker stopped/i, "unavailable"],
  [/permission denied|\(os error (1|13)\)|EACCES|EPERM/i, "permission-denied"],
  [/no such file|not found|\(os error (2|19)\)|ENOENT|does not exist/i, "not-found"],
  [/already (exists|in use|attached|occupied|populated)|in use|is taken|\(os error 17\)/i, "already-exists"],
  [/not supported|unsupported|only supported/i, "unimplemented"],
  [/out of range|invalid|missing|must be|mutually exclusive/i, "invalid-argument"],
];

/** What a call has failed with, told as ours. A code that says something is kept. */
export function serviceError(thrown: unknown, vm: string, verb: string): ShimError {
  const error = ShimError.from(thrown);
  const kind = error.kind === "unknown" ? kindOfText(error.message) : error.kind;
  return new ShimError(kind, `vm ${vm}: its service cannot ${verb}: ${excerpt(error.message)}`, { cause: thrown });
}

export function kindOfText(text: string): ErrorKind {
  return kinds.find(([pattern]) => pattern.test(text))?.[1] ?? "internal";
}
