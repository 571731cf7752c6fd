import { failedPrecondition, isKind, ShimError } from "../errors/shim-error.ts";
import type { Logger } from "../log/logger.ts";

/**
 * Any thrown value as what an RPC answers: a ShimError of one line (containerd prints it as "<message>: <code>"). The
 * kind's number is `ttrpc/status.ts`'s. What is not a ShimError is a fault of ours, so Internal and never Unknown.
 */
export function rpcError(thrown: unknown): ShimError {
  const error = ShimError.from(thrown, "internal");
  if (!/[\r\n]/.test(error.message)) return error;
  const line = error.message.trim().replaceAll(/\s*[\r\n]+\s*/g, "; ");
  return new ShimError(error.kind, line, { cause: error });
}

/** As `rpcError`, of a call; in the log with `fields`, as a client may keep it to itself. */
export function failedCall(
  log: Logger,
  method: string,
  thrown: unknown,
  fields: Readonly<Record<string, string>> = {},
) {
  const error = rpcError(thrown);
  log.debug(`${method} failed`, { ...fields, kind: error.kind, error: error.message });
  return error;
}

/**
 * As `rpcError`, of a Create. Containerd takes Unimplemented for a shim that does not know this version of the Task API,
 * and asks again in an older one (reference: containerd-shim 0.3): a second VM for what this shim can't do at all.
 */
export function createError(thrown: unknown): ShimError {
  const error = rpcError(thrown);
  return isKind(error, "unimplemented") ? failedPrecondition(error.message, error) : error;
}
