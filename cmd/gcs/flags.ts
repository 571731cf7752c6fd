import { Command, InvalidArgumentError, Option } from "commander";
import { LOG_LEVELS, type LogLevel } from "../../src/log/logger.ts";
import { type GcsFlags, plainFlags } from "./plain-flags.ts";

/** logrus's names that ours have another word for. */
const LEVELS: Readonly<Record<string, LogLevel>> = { warning: "warn", fatal: "error", panic: "error" };

/**
 * The flags of hcsshim's gcs that concern us (reference: hcsshim 6.1), and five of our own. Go's single dash is taken as
 * well as two; commander prints help and errors and ends the program.
 */
export function parseFlags(argv: readonly string[]): GcsFlags {
  const program = new Command("gcs")
    .description("The guest compute service: serves the GCS bridge to the host and runs containers with runc.")
    .option("--use-inouterr", "the bridge is on stdin and stdout, the log on stderr", plainFlags.useInouterr)
    .option("--loglevel <level>", "trace, debug, info, warning or error", parseLevel, plainFlags.loglevel)
    .addOption(
      new Option("--log-format <format>", "of the log").choices(["text", "json"]).default(plainFlags.logFormat),
    )
    .option("--logfile <path>", "append the log to this file instead of stderr")
    .option("--v4", "speak protocol version 4: it always does", plainFlags.v4)
    .option("--state-dir <path>", "where containers' state is kept", plainFlags.stateDir)
    .option("--runc <path>", "the OCI runtime", plainFlags.runc)
    .option(
      "--pid1",
      "be the first process of a utility VM, with its host behind a virtio-serial port",
      plainFlags.pid1,
    )
    .option("--port <name>", "of that virtio-serial port", plainFlags.port)
    .option(
      "--vsock <port>",
      "the host listens on this vsock port (CID 2); -pid1: uvm.vsock of the kernel's arguments",
      parsePort,
    )
    .allowExcessArguments(false);
  program.parse(argv.map(withTwoDashes), { from: "user" });
  return program.opts<GcsFlags>();
}

function withTwoDashes(argument: string): string {
  return /^-[a-z][a-z0-9]/.test(argument) ? `-${argument}` : argument;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 0xffff_fffe) throw new InvalidArgumentError("use a number from 0 to 4294967294");
  return port;
}

function parseLevel(text: string): LogLevel {
  const level = LEVELS[text] ?? LOG_LEVELS.find((known) => known === text);
  if (level === undefined) throw new InvalidArgumentError(`use one of ${LOG_LEVELS.join(", ")}`);
  return level;
}
