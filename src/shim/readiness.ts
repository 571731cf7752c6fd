import { type ErrorKind, ShimError } from "../errors/shim-error.ts";
import type { ByteStream } from "../sys/byte-stream.ts";

/** What a daemon that a launcher started tells of its own start: one line of JSON, then EOF. */
export type Answer =
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly error: ErrorKind; readonly message: string }
  /** EOF, or nonsense: it died. */
  | { readonly kind: "nothing" };

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
