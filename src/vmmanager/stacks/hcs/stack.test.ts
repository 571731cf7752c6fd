import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  type HcsSetup,
  hcsSetup,
  lcowOptions,
  wcowOptions,
  windowsHost,
} from "../../../../test/compliance/hcs-setup.ts";
import { conditions, recorded } from "../../../../test/compliance/recorded.ts";
import { reportFindings } from "../../../../test/compliance/report.ts";
import { stackSuite } from "../../../../test/compliance/stack-suite.ts";
import { type Row, surveyUvm } from "../../../../test/compliance/survey.ts";
import { createGcs } from "../../../gcs/gcs.ts";
import { createMemorySockets } from "../../../transport/memory.ts";

/** The real guest service runs while its VM does; HCS is the one in memory. */
function withGuest(stateDirectory: string): HcsSetup {
  const { host, guest } = createMemorySockets();
  const stop = new AbortController();
  const setup = hcsSetup({ sockets: () => host });
  setup.core.onStart = () => {
    const gcs = createGcs({ sockets: guest, stateDirectory });
    gcs.run({ signal: stop.signal }).catch(() => {});
  };
  setup.core.onEnd = () => stop.abort();
  return setup;
}

stackSuite("hcs", "hcs-savable", () => {
  const stateDirectory = mkdtempSync(join(tmpdir(), "uvm-hcs-"));
  // With Plan9 it could not be saved.
  const options = lcowOptions({ "io.microsoft.migration.support-enabled": "true" });
  return {
    stack: withGuest(stateDirectory).stack,
    options: { ...options, stateDirectory },
    cleanup: () => rmSync(stateDirectory, { recursive: true, force: true }),
  };
});

describe("VMs of stack hcs that can't be saved", () => {
  for (const [column, options] of [
    ["hcs-lcow", lcowOptions()],
    ["hcs-wcow", wcowOptions()],
  ] as const) {
    it(`support exactly what is recorded of ${column}`, async () => {
      const { stack } = hcsSetup();
      const uvm = await stack.create(options);
      try {
        reportFindings(column, await surveyUvm(uvm, { stack, options }));
      } finally {
        await uvm.close();
      }
    });
  }

  it("support what their Windows is new enough for", async () => {
    const old = { ...windowsHost, build: 17763 };
    const { stack } = hcsSetup({ host: () => old });
    const uvm = await stack.create(lcowOptions());
    const findings = await surveyUvm(uvm, { stack, options: lcowOptions() });
    await uvm.close();
    for (const row of Object.keys(conditions["hcs-lcow"] ?? {}) as Row[]) {
      assert.deepEqual([row, findings[row]], [row, "unsupported"]);
      assert.deepEqual([row, recorded["hcs-lcow"][row]], [row, "passed"]);
    }
  });
});
