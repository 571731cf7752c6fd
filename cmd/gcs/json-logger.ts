import { LOG_LEVELS, type LogFields, type Logger, type LoggerOptions, type LogLevel } from "../../src/log/logger.ts";

/** One JSON object a line, as logrus's JSON formatter names its members: level, msg, time, then the fields. */
export function createJsonLogger(options: LoggerOptions): Logger {
  const { level, sink, fields = {}, now = () => new Date() } = options;
  const at =
    (entry: LogLevel) =>
    (message: string, more: LogFields = {}) => {
      if (LOG_LEVELS.indexOf(entry) < LOG_LEVELS.indexOf(level)) return;
      const head = { level: entry === "warn" ? "warning" : entry, msg: message, time: now().toISOString() };
      sink.write(`${JSON.stringify({ ...head, ...fields, ...more }, plain)}\n`);
    };
  return {
    trace: at("trace"),
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (more) => createJsonLogger({ ...options, fields: { ...fields, ...more } }),
  };
}

function plain(_: string, value: unknown): unknown {
  if (value instanceof Error) return value.message;
  return typeof value === "bigint" ? value.toString() : value;
}
