import type { Command } from "commander";
import { createProgram } from "./program.ts";

/** Of docs/uvmctl.md: those that drive a VM. */
const VM_COMMANDS = [
  "boot",
  "list",
  "pause",
  "resume",
  "save",
  "restore",
  "add",
  "remove",
  "stats",
  "stop",
  "exec",
  "console",
];
const WIDTH = 140;

/** What `--help` says of each command that drives a VM, as Markdown. */
export function vmCommandsHelp(): string {
  const program = createProgram({ out: () => {}, err: () => {}, progress: false, exitCode: 0 });
  const helpOf = (command: Command | undefined): string =>
    command
      ?.configureOutput({ getOutHelpWidth: () => WIDTH })
      .helpInformation()
      .trim() ?? "";
  return VM_COMMANDS.map((name) => {
    const text = helpOf(program.commands.find((command) => command.name() === name));
    return `### uvmctl ${name}\n\n\`\`\`\n${text}\n\`\`\`\n`;
  }).join("\n");
}
