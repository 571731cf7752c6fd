import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { droppable, trimResidentMemory } from "./resident-memory.ts";

const mapping = (line: string, anonymous: number, swap = 0): string =>
  [line, "Size:                 16 kB", `Anonymous:      ${anonymous} kB`, `Swap:             ${swap} kB`].join("\n");

describe("resident memory", () => {
  it("is dropped of files' own pages alone: neither what was written to, nor what can be, nor what has no file", () => {
    const smaps = [
      mapping("00400000-00404000 r--p 00000000 fe:00 12                                 /usr/bin/a program", 0),
      mapping("00404000-00408000 r-xp 00004000 fe:00 12                                 /usr/bin/a program", 0),
      mapping("00408000-0040c000 r--p 00008000 fe:00 12                                 /usr/bin/a program", 8),
      mapping("00408000-0040c000 r--p 00008000 fe:00 12                                 /usr/bin/a program", 0, 4),
      mapping("0040c000-00410000 rw-p 0000c000 fe:00 12                                 /usr/bin/a program", 0),
      mapping("00410000-00414000 r--s 00010000 fe:00 12                                 /usr/bin/a program", 0),
      mapping("00414000-00418000 r-xp 00000000 00:00 0 ", 0),
      mapping("7ffe0000-7ffe4000 r-xp 00000000 00:00 0                                  [vdso]", 0),
    ].join("\n");
    assert.deepEqual(droppable(`${smaps}\n`), [
      { start: 0x400000n, length: 0x4000n },
      { start: 0x404000n, length: 0x4000n },
    ]);
  });

  it("comes back by itself: code and constants are as before", () => {
    assert.ok(droppable(readFileSync("/proc/self/smaps", "latin1")).length > 0);
    for (let time = 0; time < 3; time += 1) {
      trimResidentMemory();
      assert.deepEqual(JSON.parse('{"a":[1,"two",3.5]}'), { a: [1, "two", 3.5] });
      assert.match("after the trim", /t[a-z]+m$/);
    }
  });
});
