import { ShimError } from "../errors/shim-error.ts";
import type { Response } from "../generated/ttrpc.ts";
import type { Frame } from "./frame.ts";
import { startTimer } from "./timer.ts";

/** A call that waits for frames. */
export interface PendingCall {
  data(frame: Frame): void;
  response(response: Response): void;
  /**
   * The call is over on our side: connection lost, deadline, abort, malformed or oversize answer. What a stream has
   * received is dropped, or with `discard` false still to be read: its sender may have sent its last and left.
   */
  fail(error: ShimError, options?: { discard: boolean }): void;
}

/** Fails a call on the caller's signal or timeout. Returns how to take both back. No timer without a timeout. */
export function watchCall(
  fullMethod: string,
  options: { readonly signal: AbortSignal | undefined; readonly timeout: number | undefined },
  fail: (error: ShimError) => void,
): () => void {
  const { signal, timeout } = options;
  const abort = (): void => fail(ShimError.from(signal?.reason, "canceled"));
  signal?.addEventListener("abort", abort, { once: true });
  const stopTimer =
    timeout === undefined
      ? undefined
      : startTimer(timeout, () =>
          fail(new ShimError("deadline-exceeded", `${fullMethod} got no answer within ${timeout} ms; gave it up`)),
        );
  return () => {
    signal?.removeEventListener("abort", abort);
    stopTimer?.();
  };
}
