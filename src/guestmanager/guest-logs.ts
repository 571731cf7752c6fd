import type { Logger, LogLevel } from "../log/logger.ts";
import { parseJson } from "../oci/json.ts";
import type { ByteStream } from "../sys/byte-stream.ts";

/** Bytes of one entry; and of what a gcs writes in its end, of which the beginning counts. */
const MAX_BYTES = 64 * 1024;
const MAX_FIELDS = 32;
const NEWLINE = 0x0a;

/** Logrus' levels; one that ends the program is its program's, not ours. */
const LEVELS: Readonly<Record<string, LogLevel>> = {
  ...{ trace: "trace", debug: "debug", info: "info", warning: "warn", warn: "warn" },
  ...{ error: "error", fatal: "error", panic: "error" },
};

/**
 * The log that hcsshim's gcs writes as JSON, an entry a line, into our own; its fields with "vm." before their names, so
 * that none of them passes for one of ours. What follows after something that is no entry is what a runtime writes of its
 * panic: it is told as one. Resolves at the end of the stream, which is ours (not open yet).
 */
export function relayGuestLogs(stream: ByteStream, log: Logger): Promise<void> {
  let held: Uint8Array = new Uint8Array(0);
  let panicked = false;
  const keep = (bytes: Uint8Array) => Buffer.concat([held, bytes.subarray(0, MAX_BYTES - held.length)]);
  const take = (chunk: Uint8Array): void => {
    let rest = chunk;
    while (!panicked) {
      const end = rest.indexOf(NEWLINE);
      if (end === -1) break;
      const line = Buffer.concat([held, rest.subarray(0, end)]);
      panicked = line.length > MAX_BYTES || !relayLine(line.toString(), log);
      if (panicked) break;
      held = new Uint8Array(0);
      rest = rest.subarray(end + 1);
    }
    panicked ||= held.length + rest.length > MAX_BYTES;
    held = keep(rest);
  };
  return new Promise((resolve) => {
    stream.open({
      data: take,
      end: () => stream.end(),
      drain: () => undefined,
      close() {
        const text = new TextDecoder().decode(held).trim();
        if (panicked || !relayLine(text, log)) log.error("the guest's gcs ended", { stderr: text });
        resolve();
      },
    });
  });
}

/** False for what is no entry. */
function relayLine(text: string, log: Logger): boolean {
  if (text.trim() === "") return true;
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
