import { closeSync, writeSync } from "node:fs";
import { type ErrorKind, ShimError } from "../errors/shim-error.ts";
import type { ByteStream } from "../sys/byte-stream.ts";

/** The fd on which a daemon that a launcher started tells how its own start went: one line of JSON, then EOF. */
export const READY_FD = 3;
/** Set by the launcher. Without it fd 3 is whatever the runtime has there, its event loop for one. */
export const READY_VARIABLE = "UVM_SHIM_READY_FD";

export type Answer =
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly error: ErrorKind; readonly message: string }
  /** EOF, or nonsense: it died. */
  | { readonly kind: "nothing" };

/**
 * The daemon's side; nothing where it was not started by a launcher. Throws EPIPE where the launcher is gone: then nobody
 * will ever dial.
 */
export function sendAnswer(answer: Exclude<Answer, { kind: "nothing" }>): void {
  if (process.env[READY_VARIABLE] !== String(READY_FD)) return;
  // The containers' runtime and loggers inherit the environment.
  delete process.env[READY_VARIABLE];
  try {
    writeSync(READY_FD, `${JSON.stringify(answer)}\n`);
  } finally {
    closeSync(READY_FD);
  }
}

export function failureOf(thrown: unknown): Exclude<Answer, { kind: "nothing" }> {
  const { kind, message } = ShimError.from(thrown, "internal");
  return { kind: "failed", error: kind, message };
}

/** The launcher's side: the one line. Never rejects. */
export function readAnswer(channel: ByteStream): Promise<Answer> {
  return new Promise((resolve) => {
    const decoder = new TextDecoder();
    let text = "";
    const finish = () => resolve(parseAnswer(text));
    channel.open({
      data(chunk) {
        text += decoder.decode(chunk, { stream: true });
        if (text.includes("\n")) finish();
      },
      end: finish,
      drain: () => undefined,
      close: finish,
    });
  });
}

function parseAnswer(text: string): Answer {
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer === "object" && answer !== null && "kind" in answer) return answer as Answer;
  } catch {
    // Cut off: it died while it wrote.
  }
  return { kind: "nothing" };
}
