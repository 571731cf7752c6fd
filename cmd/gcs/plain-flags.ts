import type { LogLevel } from "../../src/log/logger.ts";

export interface GcsFlags {
  readonly useInouterr: boolean;
  readonly loglevel: LogLevel;
  readonly logFormat: "text" | "json";
  readonly logfile: string | undefined;
  readonly v4: boolean;
  readonly stateDir: string;
  readonly runc: string;
  readonly pid1: boolean;
  readonly port: string;
  readonly vsock: number | undefined;
}

/** What holds where no flag says otherwise. */
export const plainFlags: GcsFlags = {
  useInouterr: false,
  loglevel: "info",
  logFormat: "text",
  logfile: undefined,
  v4: false,
  stateDir: "/run/gcs",
  runc: "runc",
  pid1: false,
  port: "gcs",
  vsock: undefined,
};

/**
 * The flags that a VM's first process is started with. Undefined for any others: these take a parser, which an emulated
 * processor is long in loading.
 */
export function firstProcessFlags(argv: readonly string[]): GcsFlags | undefined {
  return argv.length === 1 && argv[0] === "-pid1" ? { ...plainFlags, pid1: true } : undefined;
}
