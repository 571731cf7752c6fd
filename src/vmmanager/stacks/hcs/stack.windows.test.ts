import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { stackSuite } from "../../../../test/compliance/stack-suite.ts";
import { guestHost } from "../../../../test/windows/hcs-host.ts";

const directory = process.env.UVM_TEST_DIRECTORY ?? "";

stackSuite("hcs", "hcs-savable", () => {
  const own = mkdtempSync(join(directory, "pod-"));
  const host = guestHost(own);
  return { stack: host.stack, options: host.options(), cleanup: () => host.assertNothingLeft() };
});
