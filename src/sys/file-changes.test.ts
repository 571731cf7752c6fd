import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { leakedFds, openFds } from "./fd-leaks.ts";
import { watchFile } from "./file-changes.ts";
import { errorCode } from "./sys-error.ts";

describe("changes of files", () => {
  it("are told to all who watch, until they stop; nothing is left then", async () => {
    const directory = mkdtempSync(join(tmpdir(), "changes-"));
    try {
      const [a, b] = [join(directory, "a"), join(directory, "b")];
      for (const path of [a, b]) writeFileSync(path, "");
      const changes: string[] = [];
      let wake = (): void => {};
      const change = (what: string) => () => {
        changes.push(what);
        wake();
      };
      const until = async (count: number): Promise<void> => {
        while (changes.length < count) await new Promise<void>((resolve) => (wake = resolve));
      };
      const before = openFds();
      const stops = [watchFile(a, change("a1")), watchFile(a, change("a2")), watchFile(b, change("b"))];
      appendFileSync(a, "x");
      await until(2);
      stops[0]?.();
      appendFileSync(b, "x");
      appendFileSync(a, "x");
      await until(4);
      assert.deepEqual(changes, ["a1", "a2", "b", "a2"]);
      rmSync(b);
      for (const stop of [...stops, ...stops]) stop();
      assert.throws(
        () => watchFile(b, () => {}),
        (error) => errorCode(error) === "ENOENT",
      );
      const again = watchFile(a, change("again"));
      appendFileSync(a, "x");
      await until(5);
      again();
      assert.deepEqual(await leakedFds(before), []);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
