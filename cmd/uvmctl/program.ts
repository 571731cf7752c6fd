import { Command, CommanderError, Option } from "commander";
import { ShimError } from "../../src/errors/shim-error.ts";
import { VERSION } from "../../src/shim/identity.ts";
import { registry } from "./commands/registry.ts";
import type { Session } from "./session.ts";

/** Where something was refused or failed. */
const REFUSED = 125;

/** The operator's tool (docs/uvmctl.md): commander's tree of all commands, of which `session` gets the output. */
export function createProgram(session: Session): Command {
  const program = new Command("uvmctl")
    .description("Runs utility VMs by hand, and looks into the pods that the shim runs.")
    .version(VERSION, "-V, --version", "print the version")
    .option("--run-directory <dir>", "where the pods' state is (run_directory of the configuration)", "/run/uvm-shim")
    .addOption(
      new Option("--vm-directory <dir>", "where the state of VMs is that uvmctl boots")
        .env("UVMCTL_VM_DIRECTORY")
        .default("/run/uvmctl"),
    )
    // What follows the program of `exec` is the program's: so options of uvmctl itself go before the command.
    .enablePositionalOptions()
    .showHelpAfterError("(uvmctl COMMAND --help tells what it takes)")
    .configureOutput({ writeOut: session.out, writeErr: session.err })
    .exitOverride();
  for (const add of registry) add(program, session);
  return program;
}

/** Runs one command line of this process; returns the exit code when all output is out. */
export async function uvmctl(args: readonly string[]): Promise<number> {
  // Who reads us may leave before the end, as head(1) does.
  process.stdout.on("error", () => process.exit(REFUSED));
  const session = {
    out: (text: string) => void process.stdout.write(text),
    err: (text: string) => void process.stderr.write(text),
    progress: process.stderr.isTTY === true,
    exitCode: 0,
  };
  const code = await run(args, session);
  await new Promise((resolve) => process.stdout.write("", resolve));
  return code;
}

/** The exit code: 0, that of the process that was run, or 125 with one line on stderr. */
export async function run(args: readonly string[], session: Session): Promise<number> {
  try {
    await createProgram(session).parseAsync(args, { from: "user" });
    return session.exitCode;
  } catch (error) {
    // commander has said what was wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : REFUSED;
    session.err(`uvmctl: ${ShimError.from(error).message}\n`);
    return REFUSED;
  }
}
