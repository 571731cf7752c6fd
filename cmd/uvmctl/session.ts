import { resolve } from "node:path";
import type { Command } from "commander";

/** What a command works with beside its own arguments. */
export interface Session {
  /** What was asked for. */
  readonly out: (text: string) => void;
  /** What went wrong, and progress. */
  readonly err: (text: string) => void;
  /** Where `err` goes is a terminal: long steps show there that they go on. */
  readonly progress: boolean;
  /** Of uvmctl, where nothing is thrown. */
  exitCode: number;
}

/** Adds one command, with its arguments, options and action, to the program; one file of `commands/` each. */
export type AddCommand = (program: Command, session: Session) => void;

/** `--run-directory`, which stands before the command. */
export function runDirectoryOf(command: Command): string {
  return command.optsWithGlobals<{ runDirectory: string }>().runDirectory;
}

/** `--vm-directory`, too. */
export function vmDirectoryOf(command: Command): string {
  return resolve(command.optsWithGlobals<{ vmDirectory: string }>().vmDirectory);
}
