import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { until } from "../../test/harness/until.ts";
import { runPart } from "./part-process.ts";

const METRIC = `{ id: "a", title: "a", unit: "", ours: [1] }`;

describe("a part of the bench in its own process", () => {
  const directory = mkdtempSync(join(tmpdir(), "uvm-bench-test-"));
  after(() => rmSync(directory, { recursive: true }));
  const program = (name: string, script: string): string => {
    const file = join(directory, `${name}.mjs`);
    writeFileSync(file, script);
    return file;
  };

  it("tells what it found, up to its end", async () => {
    const script = `
      process.send({ now: "b" });
      process.send({ metric: ${METRIC} });
      process.send({ failure: { what: "b", why: process.argv[2] } });
      process.disconnect();`;
    assert.deepEqual(await runPart(["refused"], { seconds: 60, program: program("whole", script) }), {
      metrics: [{ id: "a", title: "a", unit: "", ours: [1] }],
      failures: [{ what: "b", why: "refused" }],
    });
  });

  it("keeps what was found by one that dies, and leaves nothing of it", async () => {
    const script = `
      import { spawn } from "node:child_process";
      import { writeFileSync } from "node:fs";
      const { pid } = spawn("sleep", ["1000"], { stdio: "ignore" });
      writeFileSync(process.env.TMPDIR + "/left", "");
      process.send({ metric: { ...${METRIC}, ours: [pid], title: process.env.TMPDIR } });
      process.send({ now: "the second" }, () => process.exit(3));`;
    const { metrics, failures } = await runPart([], { seconds: 60, program: program("dies", script) });
    assert.deepEqual(failures, [{ what: "the second, and what comes after it", why: "its process ended with 3" }]);
    const [pid = 0] = metrics[0]?.ours ?? [];
    await until("what it started is gone", () => isGone(pid));
    assert.throws(() => readFileSync(join(metrics[0]?.title ?? "", "left")), { code: "ENOENT" });
  });

  it("is ended where it hangs, also against its will", async () => {
    const script = `process.on("SIGTERM", () => {}); setInterval(() => {}, 1 << 30);`;
    const options = { seconds: 0.05, graceMs: 50, program: program("hangs", script) };
    const { failures } = await runPart([], options);
    assert.deepEqual(failures, [
      { what: "its start, and what comes after it", why: "the part was ended after 0.05 s" },
    ]);
  });
});

/** Or a zombie that nobody waits for. */
function isGone(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}
