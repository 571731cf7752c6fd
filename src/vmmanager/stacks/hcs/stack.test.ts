import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HcsSetup, hcsSetup, lcowOptions } from "../../../../test/compliance/hcs-setup.ts";
import { stackSuite } from "../../../../test/compliance/stack-suite.ts";
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

stackSuite("hcs", () => {
  const stateDirectory = mkdtempSync(join(tmpdir(), "uvm-hcs-"));
  // With Plan9 it could not be saved.
  const options = lcowOptions({ "io.microsoft.migration.support-enabled": "true" });
  return {
    stack: withGuest(stateDirectory).stack,
    options: { ...options, stateDirectory },
    cleanup: () => rmSync(stateDirectory, { recursive: true, force: true }),
  };
});
