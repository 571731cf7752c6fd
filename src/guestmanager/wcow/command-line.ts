/**
 * One argument as CommandLineToArgvW and the C runtime read it back: quoted where it is empty or has blanks, a quote escaped,
 * and the backslashes before a quote doubled (a backslash elsewhere stands for itself).
 */
export function escapeArg(argument: string): string {
  const quoted = argument === "" || /[ \t]/.test(argument);
  const escaped = argument.replace(quoted ? /(\\*)("|$)/g : /(\\*)(")/g, (_all, slashes: string, end: string) =>
    end === "" ? slashes + slashes : `${slashes}${slashes}\\"`,
  );
  return quoted ? `"${escaped}"` : escaped;
}

export function escapeArgs(args: readonly string[]): string {
  return args.map(escapeArg).join(" ");
}
