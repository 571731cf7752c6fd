import type { Logger, LogLevel } from "../log/logger.ts";
import { parseJson } from "../oci/json.ts";
import type { ByteStream } from "../sys/byte-stream.ts";

/** Bytes of one entry; and of what a gcs writes in its end, of which the beginning counts. */
const MAX_BYTES = 64 * 1024;
const MAX_FIELDS = 32;
const [OPEN, CLOSE, QUOTE, BACKSLASH] = [0x7b, 0x7d, 0x22, 0x5c];
const BLANKS: readonly (number | undefined)[] = [0x20, 0x09, 0x0a, 0x0d];

/** Logrus' levels; one that ends the program is its program's, not ours. */
const LEVELS: Readonly<Record<string, LogLevel>> = {
  ...{ trace: "trace", debug: "debug", info: "info", warning: "warn", warn: "warn" },
  ...{ error: "error", fatal: "error", panic: "error" },
};

/**
 * The log that hcsshim's gcs writes as JSON objects, in lines or not, into our own; its fields with "vm." before their
 * names, so that none of them passes for one of ours. What follows after something that is no entry is what a runtime
 * writes of its panic: it is told as one. Resolves at the end of the stream, which is ours (not open yet).
 */
export function relayGuestLogs(stream: ByteStream, log: Logger): Promise<void> {
  const entries = new EntryReader((entry) => relayEntry(entry, log));
  return new Promise((resolve) => {
    stream.open({
      data: (chunk) => entries.push(chunk),
      end: () => stream.end(),
      drain: () => undefined,
      close() {
        if (entries.rest !== "") log.error("the guest's gcs ended", { stderr: entries.rest });
        resolve();
      },
    });
  });
}

/** Cuts bytes into JSON objects, as far as there are any. */
class EntryReader {
  readonly #take: (entry: string) => boolean;
  /** Of an entry that has begun, or of all that follows what is none. */
  #held: Uint8Array = new Uint8Array(0);
  #isText = false;
  #depth = 0;
  #inString = false;
  #isEscaped = false;

  /** `take`: false for what is no entry. */
  constructor(take: (entry: string) => boolean) {
    this.#take = take;
  }

  get rest(): string {
    return new TextDecoder().decode(this.#held).trim();
  }

  push(chunk: Uint8Array): void {
    let begin = 0;
    for (let at = 0; at < chunk.length && !this.#isText; at++) {
      const isEnd = this.#step(chunk[at]);
      if (isEnd) {
        const entry = Buffer.concat([this.#held, chunk.subarray(begin, at + 1)]);
        this.#isText = entry.length > MAX_BYTES || !this.#take(entry.toString());
        if (this.#isText) break;
        this.#held = new Uint8Array(0);
      }
      if (this.#depth === 0 && !this.#isText) begin = at + 1;
    }
    this.#isText ||= this.#held.length + chunk.length - begin > MAX_BYTES;
    this.#held = Buffer.concat([this.#held, chunk.subarray(begin, begin + MAX_BYTES - this.#held.length)]);
  }

  /** True for the byte that ends an object. */
  #step(byte: number | undefined): boolean {
    if (this.#inString) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) this.#inString = false;
    } else if (byte === OPEN) this.#depth += 1;
    else if (this.#depth === 0) this.#isText = !BLANKS.includes(byte);
    else if (byte === QUOTE) this.#inString = true;
    else if (byte === CLOSE) {
      this.#depth -= 1;
      return this.#depth === 0;
    }
    return false;
  }
}

/** False for what is no entry. */
function relayEntry(text: string, log: Logger): boolean {
  let entry: unknown;
  try {
    entry = parseJson(text);
  } catch {
    return false;
  }
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return false;
  const { level, msg, ...fields } = entry as Readonly<Record<string, unknown>>;
  const known = typeof level === "string" && Object.hasOwn(LEVELS, level) ? LEVELS[level] : undefined;
  // Entries of a Windows guest's event tracing have their text elsewhere.
  const tracing =
    fields.Source === "ETW" ? ["message", "Message"].find((name) => typeof fields[name] === "string") : undefined;
  const message = tracing === undefined ? msg : fields[tracing];
  const told = Object.entries(fields)
    // A name is written as it is: one with a line break would begin a line of its own.
    .filter(([name]) => name !== tracing && /^[\w.-]{1,64}$/.test(name))
    .slice(0, MAX_FIELDS)
    .map(([name, value]) => [`vm.${name}`, value]);
  log[known ?? "info"](typeof message === "string" ? message : "", Object.fromEntries(told));
  return true;
}
