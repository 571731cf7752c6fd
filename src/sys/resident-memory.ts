/** What a process that has nothing to do gives back of the memory that it keeps resident. */
import { readFileSync } from "node:fs";
import { cLibrary } from "./c-library.ts";

const signatures = {
  madvise: ["int", "u64", "u64", "int"],
  malloc_trim: ["int", "u64"],
} as const;

const libc = cLibrary(signatures);

const MADV_DONTNEED = 4;
/** `7f..-7f.. r-xp 00000000 fe:00 123  /path`: only of a file, only what nobody can write to. */
const FILE_MAPPING = /^([0-9a-f]+)-([0-9a-f]+) r-[-x]p [0-9a-f]+ \S+ [1-9]\d* +\//;

export interface Mapping {
  readonly start: bigint;
  readonly length: bigint;
}

/**
 * The mappings in smaps(5)'s text whose pages are the files' own, so that they can be dropped and come back by
 * themselves. Not what was written to before it became read-only (RELRO), in memory or swapped out: dropping that loses it.
 */
export function droppable(smaps: string): Mapping[] {
  const found: Mapping[] = [];
  for (const text of smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const match = FILE_MAPPING.exec(text);
    if (match === null || !/^Anonymous: +0 kB$/m.test(text) || !/^Swap: +0 kB$/m.test(text)) continue;
    const start = BigInt(`0x${match[1]}`);
    found.push({ start, length: BigInt(`0x${match[2]}`) - start });
  }
  return found;
}

/**
 * Drops the pages of files that this process has mapped and not changed, the executable's above all, and gives free heap
 * back. What is still used comes back page by page, mostly from the page cache. Costs some milliseconds.
 */
export function trimResidentMemory(): void {
  libc().malloc_trim(0);
  for (const { start, length } of droppable(readFileSync("/proc/self/smaps", "latin1"))) {
    // A failure is a mapping that is gone since, or locked: it stays as it is.
    libc().madvise(start, length, MADV_DONTNEED);
  }
}
