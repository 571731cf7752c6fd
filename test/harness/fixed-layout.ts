/**
 * `argv`, run with its memory at the same addresses each time (personality(2), ADDR_NO_RANDOMIZE), and all that it starts.
 *
 * For programs under Wine: Debian's loader of it has its heap anywhere in the GiB above 0x7d005000, of which Windows' shared
 * data need 0x7ffe0000. Where the heap lies there the program ends at once, with 1 and not a word, and who started it from
 * Windows is told nothing that it knows (in Node "spawn UNKNOWN"): one in some thousand.
 */
export function withFixedLayout(argv: readonly string[]): string[] {
  return ["setarch", "--addr-no-randomize", ...argv];
}
