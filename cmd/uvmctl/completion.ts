import type { Argument, Command } from "commander";
import { assertNever } from "../../src/errors/shim-error.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** The script that a shell sources: it asks `uvmctl complete` for each word; where that knows none, files are meant. */
export function scriptFor(shell: Shell): string {
  switch (shell) {
    case "bash":
      return `_uvmctl() {
  local IFS=$'\\n' words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=($(uvmctl complete -- "\${words[@]}" 2>/dev/null))
}
complete -o default -F _uvmctl uvmctl
`;
    case "zsh":
      return `#compdef uvmctl
_uvmctl() {
  local -a found
  found=("\${(@f)$(uvmctl complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "$found" ]]; then compadd -a found; else _files; fi
}
compdef _uvmctl uvmctl
`;
    case "fish":
      return `complete -c uvmctl -a '(uvmctl complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`;
    default:
      return assertNever(shell);
  }
}

/** What an argument can be that is known only now, by its name. */
export type Names = Readonly<Record<string, () => readonly string[]>>;

/** What the last of `words`, which may be empty, can be made into: commands, options, an argument's choices or names. */
export function candidates(program: Command, words: readonly string[], names: Names = {}): string[] {
  const current = words.at(-1) ?? "";
  let command = program;
  let positionals = 0;
  for (const word of words.slice(0, -1)) {
    const next = positionals === 0 ? command.commands.find((known) => known.name() === word) : undefined;
    if (next !== undefined) command = next;
    else if (!word.startsWith("-")) positionals += 1;
  }
  const help = command.createHelp();
  const known = current.startsWith("-")
    ? help.visibleOptions(command).flatMap(({ long }) => long ?? [])
    : command.commands.length > 0
      ? help.visibleCommands(command).map((each) => each.name())
      : valuesOf(command.registeredArguments[positionals], names);
  return known.filter((word) => word.startsWith(current));
}

function valuesOf(argument: Argument | undefined, names: Names): readonly string[] {
  return argument?.argChoices ?? names[argument?.name() ?? ""]?.() ?? [];
}
