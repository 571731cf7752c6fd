import { ShimError } from "../errors/shim-error.ts";

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
