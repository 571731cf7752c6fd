import { type Command, start } from "./command.ts";

/**
 * Runs a command on a terminal of its own, by util-linux's `script`. What is written to its stdin is typed there; its
 * stdout is what the screen shows; its exit code is the command's.
 */
export function startOnTerminal(argv: readonly string[], size?: { rows: number; columns: number }): Command {
  const quoted = argv.map((argument) => `'${argument.replaceAll("'", "'\\''")}'`).join(" ");
  const sized = size === undefined ? quoted : `stty rows ${size.rows} cols ${size.columns}; ${quoted}`;
  return start(["script", "--quiet", "--return", "--flush", "--command", sized, "/dev/null"], {
    stdin: "pipe",
    env: { SHELL: "/bin/sh" },
  });
}
