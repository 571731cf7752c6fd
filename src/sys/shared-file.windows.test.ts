import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import { withSharedFile } from "#os/src/sys/shared-file.ts";
import { writeRecord } from "./record-file.ts";
import { errorCode } from "./sys-error.ts";

const WRITERS = 3;
const TIMES = 200;
const [, bundle = "", role = "", path = ""] = process.argv;

/** Replaces the file again and again, and reads it in between: always one that was written whole. */
function replace(): void {
  for (let time = 0; time < TIMES; time++) {
    writeRecord(path, { pid: process.pid, time });
    const { pid } = JSON.parse(withSharedFile(() => readFileSync(path, "utf8")));
    assert.ok(pid > 0);
  }
}

if (role === "replace") replace();
else {
  describe("a file that several processes share", () => {
    it("is replaced by all of them at once, and read meanwhile", async () => {
      const directory = mkdtempSync(join(process.env.UVM_TEST_DIRECTORY ?? "", "shared-"));
      const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
      const ends = Array.from({ length: WRITERS }, async () => {
        const args = [bundle, "replace", join(directory, "record")];
        const child = spawn(process.execPath, args, { env, stdio: ["ignore", "ignore", "pipe"] });
        const code = new Promise((resolve) => child.on("close", resolve));
        return [await text(child.stderr), await code];
      });
      for (const end of await Promise.all(ends)) assert.deepEqual(end, ["", 0]);
      assert.deepEqual(readdirSync(directory), ["record"]);
    });

    it("tells what is refused for good, after a while, and at once that it is not there", () => {
      const refused = Object.assign(new Error("refused"), { code: "EPERM" });
      let tries = 0;
      const work = () => {
        tries++;
        throw refused;
      };
      assert.throws(() => withSharedFile(work), refused);
      assert.ok(tries > 10);
      tries = 0;
      const missing = join(process.env.UVM_TEST_DIRECTORY ?? "", "missing");
      assert.throws(
        () => withSharedFile(() => readFileSync(missing, `${++tries}` ? "utf8" : "latin1")),
        (error) => errorCode(error) === "ENOENT",
      );
      assert.equal(tries, 1);
    });
  });
}
