import { invalidArgument } from "../../errors/shim-error.ts";

/**
 * Splits ProcessParameters.CommandLine, which only comes where CommandArgs is empty: at white space, with '...' and "..."
 * kept together and backslash taking the next character as it is (inside "..." too, inside '...' not).
 */
export function splitCommandLine(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let i = 0; i < line.length; i++) {
    const char = line[i] ?? "";
    if (char === "\\" && quote !== "'") {
      i++;
      if (i === line.length) throw invalidArgument("CommandLine ends in a backslash; cannot split it");
      word = (word ?? "") + line[i];
    } else if (quote !== "") {
      if (char === quote) quote = "";
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= "";
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + char;
    }
  }
  if (quote !== "") throw invalidArgument(`CommandLine has an open ${quote}; cannot split it`);
  if (word !== undefined) words.push(word);
  return words;
}
