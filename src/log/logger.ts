/**
 * The shim's log: one logrus-like text line an entry, as containerd's own log has (reference: containerd-shim, 1.10).
 * No pino: it costs more than the whole rest of the start path, and all that is needed is a line.
 */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";

/** From the most to the least talkative. */
export const LOG_LEVELS: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error"];

export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with these fields on every line. */
  with(fields: LogFields): Logger;
}

/** Where finished lines go. Must neither block nor throw. */
export interface LineSink {
  write(line: string): void;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly sink: LineSink;
  readonly fields?: LogFields;
  readonly now?: () => Date;
}

export function createLogger(options: LoggerOptions): Logger {
  const { level, sink, fields = {}, now = () => new Date() } = options;
  const threshold = LOG_LEVELS.indexOf(level);
  const at = (entry: LogLevel) => (message: string, more?: LogFields) => {
    if (LOG_LEVELS.indexOf(entry) < threshold) return;
    sink.write(formatLine(now(), entry, message, more === undefined ? fields : { ...fields, ...more }));
  };
  return {
    trace: at("trace"),
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (more) => createLogger({ ...options, fields: { ...fields, ...more } }),
  };
}

/** For callers that have no log: tests, and code before the bundle is known. */
export const silentLogger: Logger = createLogger({ level: "error", sink: { write: () => undefined } });

/** One line with its newline: time, level, msg, then the fields in the order given; undefined ones are left out. */
export function formatLine(time: Date, level: LogLevel, message: string, fields: LogFields): string {
  // logrus spells it out.
  const name = level === "warn" ? "warning" : level;
  let line = `time="${time.toISOString()}" level=${name} msg=${quote(message)}`;
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) line += ` ${key}=${quoteIfNeeded(text(value))}`;
  }
  return `${line}\n`;
}

function text(value: unknown): string {
  if (value instanceof Error) return withCauses(value);
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== "object" || value === null) return String(value);
  try {
    return JSON.stringify(value, (_, member: unknown) => (typeof member === "bigint" ? member.toString() : member));
  } catch {
    return "(not printable)";
  }
}

/** The messages along the chain of causes, outermost first. */
function withCauses(error: Error): string {
  const messages: string[] = [];
  let next: unknown = error;
  // Bounded, as a chain may be a ring.
  for (let depth = 0; depth < 8 && next instanceof Error; depth += 1) {
    if (next.message !== "" && !messages.some((outer) => outer.includes((next as Error).message))) {
      messages.push(next.message);
    }
    next = next.cause;
  }
  return messages.length > 0 ? messages.join(": ") : error.name;
}

function quoteIfNeeded(value: string): string {
  return /^[\w\-./@^+]+$/.test(value) ? value : quote(value);
}

function quote(value: string): string {
  return JSON.stringify(value);
}
